// Makes the picture answer: what is behind a line, filters, folding. All it knows it reads from the page, where text
// is text; it writes nothing but text, attributes and copies of what is there.

const canvas = document.getElementById("canvas");
const picture = canvas.querySelector(".picture");
const details = document.getElementById("details");
const choice = { tenant: document.getElementById("tenant"), port: document.getElementById("port") };
const letGo = document.getElementById("let-go");
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const numbersOf = (element) => (element.dataset.numbers || "").split(" ").filter(Boolean);

const rows = new Map(all("tr[data-number]").map((row) => [row.dataset.number, row]));
const lines = all(".line[data-numbers]", picture);
const tenants = all(".tenant", picture);
const members = all("[data-member]", picture);
const TARGETS = ".header, .line[data-numbers], .pod, .rail";
const TOLD = 40;

let kept = null;

// Whether something is drawn now. checkVisibility() says yes to SVG inside of what has no display.
function shows(element) {
  const half = element.closest(".inside, .folded");
  return !element.closest(".off") && (!half || half.matches(".inside") === half.parentNode.classList.contains("open"));
}

// What is behind something

function connectionsOf(element) {
  const member = element.dataset.member;
  const tenant = element.closest(".tenant")?.dataset.tenant;
  const shown = [...rows.values()].filter((row) => !row.hidden);
  if (element.matches(".line")) return numbersOf(element).map((number) => rows.get(number)).filter((row) => !row.hidden);
  if (member) return shown.filter((row) => row.dataset.source === member || row.dataset.target === member);
  return shown.filter((row) => row.dataset.tenants.split(" ").includes(tenant));
}

function make(tag, text, ...children) {
  const made = document.createElement(tag);
  made.textContent = text;
  made.append(...children);
  return made;
}

function article(row) {
  const [source, target, ports, standing, rules] = row.cells;
  const made = make("article", "", make("h3", `${source.textContent} \u2192 ${target.textContent}`));
  made.className = row.className;
  for (const cell of [ports, standing, rules]) {
    const part = make("div", "", ...[...cell.cloneNode(true).childNodes]);
    part.className = cell.className;
    made.append(part);
  }
  return made;
}

function tell(element) {
  const found = connectionsOf(element);
  const body = details.querySelector(".body");
  details.querySelector("h2").textContent = element.getAttribute("aria-label").split("\n")[0];
  body.replaceChildren(...found.slice(0, TOLD).map(article));
  body.classList.toggle("single", element.matches(".line") && found.length === 1);
  details.classList.add("telling");
  letGo.hidden = kept !== element;
  if (!found.length) body.append(make("p", "There are no connections here."));
  if (found.length > TOLD) body.append(make("p", `And ${found.length - TOLD} more, in the table below.`));
  return found;
}

function look(element) {
  const found = tell(element);
  const numbers = new Set(found.map((row) => row.dataset.number));
  const ends = new Set(found.flatMap((row) => [row.dataset.source, row.dataset.target]));
  picture.classList.add("looking");
  for (const line of lines) line.classList.toggle("lit", numbersOf(line).some((number) => numbers.has(number)));
  for (const member of members) member.classList.toggle("lit", ends.has(member.dataset.member) || member === element);
}

function lookAway() {
  if (kept) return look(kept);
  picture.classList.remove("looking");
  details.classList.remove("telling");
  letGo.hidden = true;
  for (const element of all(".lit", picture)) element.classList.remove("lit");
}

function keep(element) {
  kept?.removeAttribute("aria-pressed");
  kept = kept === element ? null : element;
  kept?.setAttribute("aria-pressed", "true");
  if (kept) look(kept);
  else lookAway();
}

// Filters

function covers(port, wanted) {
  if (!wanted || port === wanted || port === "all ports") return true;
  const [protocol, number] = wanted.split(" ");
  if (port === `all ${protocol} ports`) return true;
  const range = /^(\S+) (\d+)-(\d+)$/.exec(port);
  return Boolean(range) && range[1] === protocol && Number(range[2]) <= Number(number) && Number(number) <= Number(range[3]);
}

function isWanted(row) {
  const tenant = choice.tenant.value;
  const ports = all(".port", row).map((port) => port.textContent);
  const ours = !tenant || row.dataset.tenants.split(" ").includes(tenant);
  return ours && (!choice.port.value || ports.some((port) => covers(port, choice.port.value)));
}

function filter() {
  for (const row of rows.values()) row.hidden = !isWanted(row);
  const shown = [...rows.values()].filter((row) => !row.hidden);
  const seen = new Set(shown.map((row) => row.dataset.number));
  const busy = new Set(shown.flatMap((row) => [row.dataset.source, row.dataset.target]));
  const near = new Set(shown.flatMap((row) => row.dataset.tenants.split(" ")));
  for (const line of lines) line.classList.toggle("off", !numbersOf(line).some((number) => seen.has(number)));
  const filtered = Boolean(choice.tenant.value || choice.port.value);
  for (const member of members) member.classList.toggle("unused", filtered && !busy.has(member.dataset.member));
  for (const tenant of tenants) {
    const chosen = tenant.dataset.tenant === choice.tenant.value;
    tenant.classList.toggle("off", Boolean(choice.tenant.value) && !chosen && !near.has(tenant.dataset.tenant));
    if (chosen) tenant.classList.add("open");
  }
  document.getElementById("shown").value = `${shown.length} of ${rows.size} connections`;
  if (kept && !shows(kept)) keep(kept);
  arrange();
}

// One stop for Tab, arrows from there

function stops() {
  return all(TARGETS, picture).filter(shows);
}

function rove() {
  const there = stops();
  if (there.some((each) => each.tabIndex === 0)) return;
  for (const each of all(TARGETS, picture)) each.tabIndex = -1;
  if (there.length) there[0].tabIndex = 0;
}

function step(from, by) {
  const there = stops();
  const to = there.at(Math.min(Math.max(there.indexOf(from) + by, 0), there.length - 1));
  from.tabIndex = -1;
  to.tabIndex = 0;
  to.focus();
}

function use(element) {
  if (!element.matches(".header")) return keep(element);
  element.closest(".tenant").classList.toggle("open");
  arrange();
}

function onKey(event) {
  const element = event.target.closest(TARGETS);
  const steps = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1, Home: -Infinity, End: Infinity };
  if (!element) return;
  if (event.key in steps) step(element, steps[event.key]);
  else if (event.key === "Enter" || event.key === " ") use(element);
  else return;
  event.preventDefault();
}

// Counterexamples lead to their lines

function lead(button) {
  const wanted = numbersOf(button);
  choice.tenant.value = choice.port.value = "";
  for (const number of wanted) {
    for (const tenant of rows.get(number).dataset.tenants.split(" ")) tenants[tenant]?.classList.add("open");
  }
  filter();
  const line = lines.find((each) => shows(each) && numbersOf(each).some((number) => wanted.includes(number)));
  if (!line) return;
  if (kept !== line) keep(line);
  step(line, 0);
  line.scrollIntoView({ block: "center", inline: "nearest" });
}

function start() {
  picture.classList.add("live");
  picture.setAttribute("role", "group");
  for (const element of all(TARGETS, picture)) {
    const title = element.querySelector(":scope > title");
    element.setAttribute("aria-label", title.textContent);
    element.setAttribute("role", "button");
    element.tabIndex = -1;
    title.remove();
    for (const word of all("text", element)) word.setAttribute("aria-hidden", "true");
  }
  for (const type of ["pointerover", "focusin"]) {
    canvas.addEventListener(type, (event) => {
      const element = event.target.closest(TARGETS);
      if (element && !kept) look(element);
    });
  }
  for (const type of ["pointerleave", "focusout"]) canvas.addEventListener(type, lookAway);
  canvas.addEventListener("click", (event) => {
    const element = event.target.closest(TARGETS);
    if (element) use(element);
    else if (kept) keep(kept);
  });
  canvas.addEventListener("keydown", onKey);
  letGo.addEventListener("click", () => kept && keep(kept));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && kept) keep(kept);
  });
  for (const select of Object.values(choice)) select.addEventListener("change", filter);
  for (const [id, open] of [["unfold", true], ["fold", false]]) {
    document.getElementById(id).addEventListener("click", () => {
      for (const tenant of tenants) tenant.classList.toggle("open", open);
      arrange();
    });
  }
  for (const button of all(".against button")) button.addEventListener("click", () => lead(button));
  document.getElementById("theme").addEventListener("click", () => {
    const root = document.documentElement;
    const dark = getComputedStyle(root).colorScheme === "dark" || (!root.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
    root.dataset.theme = dark ? "light" : "dark";
  });
  for (const id of ["filters", "details", "theme"]) document.getElementById(id).hidden = false;
  filter();
}

start();
