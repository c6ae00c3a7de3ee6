package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/mattfenwick/cyclonus/pkg/matcher"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

// model is a cluster as Cyclonus takes it: pods by namespace/name, their ports, and the policies.
type model struct {
	peers    map[string]*matcher.TrafficPeer
	ports    map[string][]corev1.ContainerPort
	policies *matcher.Policy
}

func readModel(path string) (*model, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	objects, err := readObjects(file)
	if err != nil {
		return nil, err
	}
	made := &model{peers: map[string]*matcher.TrafficPeer{}, ports: map[string][]corev1.ContainerPort{}}
	for _, pod := range objects.pods {
		if err := made.add(pod, objects.namespaces); err != nil {
			return nil, err
		}
	}
	// Simplified policies ought to say the same; unsimplified, less code stands between a policy and its verdict.
	made.policies = matcher.BuildNetworkPolicies(false, objects.policies)
	return made, nil
}

func (m *model) add(pod *corev1.Pod, namespaces map[string]map[string]string) error {
	name := pod.Namespace + "/" + pod.Name
	namespaceLabels, known := namespaces[pod.Namespace]
	if !known || pod.Status.PodIP == "" || m.peers[name] != nil {
		return fmt.Errorf("pod %s is there twice, or without its namespace or an address", name)
	}
	internal := &matcher.InternalPeer{PodLabels: pod.Labels, NamespaceLabels: namespaceLabels, Namespace: pod.Namespace}
	m.peers[name] = &matcher.TrafficPeer{Internal: internal, IP: pod.Status.PodIP}
	for _, container := range pod.Spec.Containers {
		for _, port := range container.Ports {
			if port.Protocol == "" {
				port.Protocol = corev1.ProtocolTCP
			}
			m.ports[name] = append(m.ports[name], port)
		}
	}
	return nil
}

type objects struct {
	namespaces map[string]map[string]string
	pods       []*corev1.Pod
	policies   []*networkingv1.NetworkPolicy
}

// readObjects decodes strictly: an unknown kind, an unknown field or a field given twice is an error.
func readObjects(in io.Reader) (*objects, error) {
	found := &objects{namespaces: map[string]map[string]string{}}
	documents := utilyaml.NewYAMLReader(bufio.NewReader(in))
	for {
		text, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return found, nil
		}
		if err == nil {
			err = found.add(text)
		}
		if err != nil {
			return nil, err
		}
	}
}

func (o *objects) add(text []byte) error {
	var kind metav1.TypeMeta
	if err := yaml.Unmarshal(text, &kind); err != nil {
		return err
	}
	switch kind.APIVersion + " " + kind.Kind {
	case "v1 Namespace":
		namespace := &corev1.Namespace{}
		if err := yaml.UnmarshalStrict(text, namespace); err != nil {
			return err
		}
		o.namespaces[namespace.Name] = map[string]string{}
		for key, value := range namespace.Labels {
			o.namespaces[namespace.Name][key] = value
		}
		// The API server gives every namespace this label, and nobody can take it away or change it.
		o.namespaces[namespace.Name][corev1.LabelMetadataName] = namespace.Name
	case "v1 Pod":
		pod := &corev1.Pod{}
		o.pods = append(o.pods, pod)
		return yaml.UnmarshalStrict(text, pod)
	case "networking.k8s.io/v1 NetworkPolicy":
		policy := &networkingv1.NetworkPolicy{}
		o.policies = append(o.policies, policy)
		err := yaml.UnmarshalStrict(text, policy)
		withDefaults(&policy.Spec)
		return err
	default:
		return fmt.Errorf("%s %s is no Namespace, Pod or NetworkPolicy", kind.APIVersion, kind.Kind)
	}
	return nil
}

// withDefaults fills in policyTypes as the API server does; Cyclonus panics without them.
func withDefaults(spec *networkingv1.NetworkPolicySpec) {
	if len(spec.PolicyTypes) > 0 {
		return
	}
	spec.PolicyTypes = []networkingv1.PolicyType{networkingv1.PolicyTypeIngress}
	if len(spec.Egress) > 0 {
		spec.PolicyTypes = append(spec.PolicyTypes, networkingv1.PolicyTypeEgress)
	}
}
