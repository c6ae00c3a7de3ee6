"use strict";
// Where everything in the picture stands: what Python did once, again whenever boxes open, fold or go. The numbers are
// those of `picture/drawing.py` and `picture/rails_drawn.py`.

const GAP = 14;
const LEAST = 240;
const REPEAT = 360;
const NAME = 212;

function arrange() {
  let y = 0;
  for (const tenant of tenants.filter((each) => !each.classList.contains("off"))) {
    const open = tenant.classList.contains("open");
    const height = Number(open ? tenant.dataset.open : tenant.dataset.folded);
    tenant.setAttribute("transform", `translate(0 ${y})`);
    tenant.querySelector(".box").setAttribute("height", height);
    tenant.querySelector(".header").setAttribute("aria-expanded", open);
    y += height + GAP;
  }
  const height = Math.max(LEAST, y - GAP);
  stretch(height);
  all(".crossing", picture).forEach(bend);
  resize(height);
  rove();
}

function stretch(height) {
  for (const fence of all(".fences .fence", picture)) {
    fence.querySelector(".beams").setAttribute("d", `M -4 0 V ${height} M 4 0 V ${height}`);
    fence.querySelector(".pickets").setAttribute("d", `M 0 2 V ${height}`);
  }
  for (const rail of all(".rail", picture)) {
    rail.querySelector(".bar").setAttribute("height", height);
    const [first, ...others] = all(".name", rail);
    others.forEach((other) => other.remove());
    const [, x, top] = /translate\((\S+) (\S+)\)/.exec(first.getAttribute("transform"));
    for (let y = Number(top) + REPEAT; y + NAME <= height; y += REPEAT) {
      const again = first.cloneNode(true);
      again.setAttribute("transform", `translate(${x} ${y}) rotate(-90)`);
      rail.append(again);
    }
  }
}

function pointOf(end) {
  const [number, ...places] = end.split(" ").map(Number);
  const [, top] = /translate\(0 (\S+)\)/.exec(tenants[number].getAttribute("transform")).map(Number);
  const [x, y] = tenants[number].classList.contains("open") ? places.slice(0, 2) : places.slice(2);
  return [x, y + top];
}

function bend(crossing) {
  const [x1, y1] = pointOf(crossing.dataset.source);
  const [x2, y2] = pointOf(crossing.dataset.target);
  const peak = Number(crossing.dataset.peak);
  const far = (peak - (x1 + x2) / 8) / 0.75;
  for (const path of all(".hit, .stroke", crossing)) path.setAttribute("d", `M ${x1} ${y1} C ${far} ${y1} ${far} ${y2} ${x2} ${y2}`);
  crossing.querySelector(".middle").setAttribute("transform", `translate(${peak} ${(y1 + y2) / 2})`);
  crossing.querySelector(".end").setAttribute("transform", `translate(${x2} ${y2})`);
}

function resize(height) {
  const [, , width] = picture.getAttribute("viewBox").split(" ").map(Number);
  const whole = height + Number(picture.querySelector("[data-around]").dataset.around);
  picture.setAttribute("viewBox", `0 0 ${width} ${whole}`);
  picture.setAttribute("height", whole);
}

