// Cyclonus' reading of NetworkPolicies as a program: models and questions in, answers out, all of them or none.
//
//	cyclonus flows MODEL... < QUESTIONS    {"model": 0, "from": "ns/pod", "to": "ns/pod", "port": 80, "protocol": "TCP"}
//	cyclonus selectors < QUESTIONS         {"selector": {"matchLabels": {"a": "b"}}, "labels": {"a": "b"}}
//	cyclonus version
//
// A model is a file of Namespaces, Pods and NetworkPolicies, YAML or JSON. Questions are JSON values one after another,
// and each answer is a line of JSON. `from` and `to` may be addresses outside the cluster. A selector is judged twice,
// by Cyclonus and by Kubernetes' own library.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime/debug"

	"github.com/mattfenwick/cyclonus/pkg/kube"
	"github.com/mattfenwick/cyclonus/pkg/matcher"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

const module = "github.com/mattfenwick/cyclonus"

func main() {
	out := bufio.NewWriter(os.Stdout)
	if err := run(os.Args[1:], os.Stdin, out); err != nil {
		fmt.Fprintln(os.Stderr, "cyclonus:", err)
		os.Exit(2)
	}
	if err := out.Flush(); err != nil {
		fmt.Fprintln(os.Stderr, "cyclonus:", err)
		os.Exit(2)
	}
}

func run(words []string, in io.Reader, out io.Writer) (err error) {
	// Cyclonus panics on what an API server would not have stored, such as an invalid CIDR.
	defer func() {
		if found := recover(); found != nil {
			err = fmt.Errorf("%v", found)
		}
	}()
	var lines []any
	switch {
	case len(words) > 1 && words[0] == "flows":
		lines, err = flows(words[1:], in)
	case len(words) == 1 && words[0] == "selectors":
		lines, err = each(in, judgeSelector)
	case len(words) == 1 && words[0] == "version":
		_, err = fmt.Fprintln(out, "cyclonus", version())
	default:
		err = errors.New("what is asked? cyclonus flows MODEL..., cyclonus selectors, or cyclonus version")
	}
	encoder := json.NewEncoder(out)
	for _, line := range lines {
		err = errors.Join(err, encoder.Encode(line))
	}
	return err
}

func version() string {
	info, _ := debug.ReadBuildInfo()
	for _, each := range info.Deps {
		if each.Path == module {
			return each.Version
		}
	}
	return "unknown"
}

// each answers one question after another; the first that cannot be answered ends it, without any answers.
func each[Question any](in io.Reader, answer func(Question) (any, error)) ([]any, error) {
	decoder := json.NewDecoder(in)
	decoder.DisallowUnknownFields()
	var answers []any
	for {
		var question Question
		if err := decoder.Decode(&question); errors.Is(err, io.EOF) {
			return answers, nil
		} else if err != nil {
			return nil, fmt.Errorf("question %d: %w", len(answers), err)
		}
		found, err := answer(question)
		if err != nil {
			return nil, fmt.Errorf("question %d: %w", len(answers), err)
		}
		answers = append(answers, found)
	}
}

type flow struct {
	Model    int
	From, To string
	Port     int
	Protocol corev1.Protocol
}

type decision struct {
	Allowed bool `json:"allowed"`
	Egress  bool `json:"egress"`
	Ingress bool `json:"ingress"`
}

func flows(paths []string, in io.Reader) ([]any, error) {
	models := make([]*model, len(paths))
	for number, path := range paths {
		found, err := readModel(path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		models[number] = found
	}
	return each(in, func(asked flow) (any, error) {
		if asked.Model < 0 || asked.Model >= len(models) {
			return nil, fmt.Errorf("there is no model %d", asked.Model)
		}
		return models[asked.Model].decide(asked)
	})
}

func (m *model) decide(asked flow) (any, error) {
	from, to := m.peer(asked.From), m.peer(asked.To)
	if from == nil || to == nil || asked.Port == 0 || asked.Protocol == "" {
		return nil, fmt.Errorf("%+v is not between pods of the model or addresses, or without port or protocol", asked)
	}
	said := decision{}
	// A port may have several names or none; Cyclonus takes one at a time.
	for _, name := range m.names(asked) {
		traffic := &matcher.Traffic{
			Source: from, Destination: to, ResolvedPort: asked.Port, ResolvedPortName: name, Protocol: asked.Protocol,
		}
		result := m.policies.IsTrafficAllowed(traffic)
		said.Egress = said.Egress || result.Egress.IsAllowed()
		said.Ingress = said.Ingress || result.Ingress.IsAllowed()
	}
	said.Allowed = said.Egress && said.Ingress
	return said, nil
}

func (m *model) peer(name string) *matcher.TrafficPeer {
	if net.ParseIP(name) != nil {
		return &matcher.TrafficPeer{IP: name}
	}
	return m.peers[name]
}

func (m *model) names(asked flow) []string {
	found := []string{""}
	for _, each := range m.ports[asked.To] {
		if int(each.ContainerPort) == asked.Port && each.Protocol == asked.Protocol && each.Name != "" {
			found = append(found, each.Name)
		}
	}
	return found
}

type match struct {
	Selector metav1.LabelSelector
	Labels   map[string]string
}

func judgeSelector(asked match) (any, error) {
	selector, err := metav1.LabelSelectorAsSelector(&asked.Selector)
	if err != nil {
		return nil, err
	}
	return map[string]bool{
		"cyclonus":   kube.IsLabelsMatchLabelSelector(asked.Labels, asked.Selector),
		"kubernetes": selector.Matches(labels.Set(asked.Labels)),
	}, nil
}
