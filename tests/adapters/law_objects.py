"""The objects of the drift law: built-in kinds, and a kind of our own with every type of list and map."""

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import yaml

Manifest = dict[str, Any]

GIZMOS = yaml.safe_load("""
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gizmos.law.example.com}
spec:
  group: law.example.com
  scope: Namespaced
  names: {kind: Gizmo, plural: gizmos, singular: gizmo, listKind: GizmoList}
  versions:
  - name: v1
    served: true
    storage: true
    subresources:
      status: {}
      scale: {specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas}
    schema:
      openAPIV3Schema:
        type: object
        properties:
          status: {type: object, x-kubernetes-preserve-unknown-fields: true}
          spec:
            type: object
            properties:
              replicas: {type: integer}
              title: {type: string}
              mode: {type: string, default: fast}
              ratio: {type: number}
              enabled: {type: boolean, nullable: true}
              note: {type: string, nullable: true}
              either: {x-kubernetes-int-or-string: true}
              words: {type: array, items: {type: string}}
              tags: {type: array, items: {type: string}, x-kubernetes-list-type: set}
              numbers: {type: array, items: {type: integer}, x-kubernetes-list-type: set}
              lists: {type: array, items: {type: array, items: {type: integer}}}
              items:
                type: array
                x-kubernetes-list-type: map
                x-kubernetes-list-map-keys: [name]
                items:
                  type: object
                  required: [name]
                  properties:
                    name: {type: string}
                    value: {type: string}
                    extra: {type: object, additionalProperties: {type: string}}
                    inner:
                      type: array
                      x-kubernetes-list-type: map
                      x-kubernetes-list-map-keys: [id]
                      items:
                        type: object
                        required: [id]
                        properties: {id: {type: integer}, text: {type: string}}
              ports:
                type: array
                x-kubernetes-list-type: map
                x-kubernetes-list-map-keys: [port, protocol]
                items:
                  type: object
                  required: [port]
                  properties:
                    port: {type: integer}
                    protocol: {type: string, default: TCP}
                    name: {type: string}
              plain:
                type: array
                items: {type: object, properties: {a: {type: string}, b: {type: integer}}}
              atom:
                type: object
                x-kubernetes-map-type: atomic
                properties: {a: {type: string}, b: {type: string}, c: {type: object, properties: {d: {type: string}}}}
              bag: {type: object, additionalProperties: {type: string}, x-kubernetes-map-type: atomic}
              map: {type: object, additionalProperties: {type: string}}
              free: {type: object, x-kubernetes-preserve-unknown-fields: true}
              embedded:
                type: object
                x-kubernetes-embedded-resource: true
                x-kubernetes-preserve-unknown-fields: true
              defaulted:
                type: object
                default: {level: 3}
                properties: {level: {type: integer, default: 3}, hint: {type: string}}
""")

_MANIFESTS = """
apiVersion: v1
kind: ConfigMap
metadata: {name: map, labels: {app: law, tier: a}, annotations: {note: x}}
data: {color: red, size: "1", empty: ""}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: map-of-nothing}
data: {}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: binary}
binaryData: {blob: aGVsbG8=}
immutable: false
---
apiVersion: v1
kind: Secret
metadata: {name: secret}
type: Opaque
data: {password: aHVudGVyMg==, user: bWU=}
---
apiVersion: v1
kind: Service
metadata: {name: service}
spec:
  selector: {app: law}
  ports: [{port: 80, targetPort: http, name: web}, {port: 81, protocol: UDP, name: dns}]
---
apiVersion: v1
kind: Service
metadata: {name: headless}
spec: {clusterIP: None, selector: {app: law, tier: a}, ports: [{port: 80}]}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: account}
automountServiceAccountToken: false
imagePullSecrets: [{name: a}, {name: b}]
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: claim}
spec: {accessModes: [ReadWriteOnce], storageClassName: none, resources: {requests: {storage: 1024Mi}}}
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: quota}
spec: {hard: {count/secrets: 1000000m}}
---
apiVersion: v1
kind: LimitRange
metadata: {name: limits}
spec: {limits: [{type: PersistentVolumeClaim, max: {storage: 1024Ti}, min: {storage: "1"}}]}
---
apiVersion: v1
kind: Pod
metadata: {name: pod}
spec: {schedulingGates: [{name: law}], containers: [{name: app, image: "app:1", env: [{name: A, value: a}]}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: deployment, labels: {app: law}}
spec:
  replicas: 0
  selector: {matchLabels: {app: law}}
  template:
    metadata: {labels: {app: law}, annotations: {}}
    spec:
      securityContext: {}
      containers:
      - name: app
        image: app:1
        args: [--one, --two]
        env: [{name: A, value: a}, {name: B, value: ""}, {name: C, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]
        ports: [{containerPort: 80, name: web}, {containerPort: 81, protocol: UDP}]
        resources: {limits: {cpu: 1000m, memory: 1024Mi}, requests: {cpu: "0.5"}}
        livenessProbe: {httpGet: {path: /, port: web}}
        volumeMounts: [{name: data, mountPath: /data}]
      - {name: side, image: "side:1"}
      volumes: [{name: data, emptyDir: {}}, {name: conf, configMap: {name: map}}]
      tolerations: [{key: a, operator: Exists}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: set}
spec:
  replicas: 0
  serviceName: headless
  selector: {matchLabels: {app: set}}
  updateStrategy: {type: RollingUpdate, rollingUpdate: {partition: 1}}
  template:
    metadata: {labels: {app: set}}
    spec: {containers: [{name: app, image: "app:1"}]}
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: daemons}
spec:
  selector: {matchLabels: {app: daemons}}
  template:
    metadata: {labels: {app: daemons}}
    spec: {nodeSelector: {lives: nowhere}, containers: [{name: app, image: "app:1"}], hostNetwork: false}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: cron}
spec:
  schedule: "0 0 1 1 *"
  suspend: true
  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: app, image: "app:1"}]}}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: closed}
spec: {podSelector: {}, policyTypes: [Ingress, Egress], ingress: []}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: open}
spec: {podSelector: {matchLabels: {app: law}}, ingress: [{from: [{podSelector: {}}], ports: [{port: 80}]}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: ingress}
spec:
  rules:
  - host: a.example.com
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: service, port: {number: 80}}}}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: nothing}
rules: []
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader}
rules: [{apiGroups: [""], resources: [pods, configmaps], verbs: [get, list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: binding}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects: [{kind: ServiceAccount, name: account, namespace: default}]
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: budget}
spec: {maxUnavailable: 50%, selector: {matchLabels: {app: law}}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: scaler}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: nobody}
  minReplicas: 1
  maxReplicas: 3
  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}}]
---
apiVersion: autoscaling/v1
kind: HorizontalPodAutoscaler
metadata: {name: old-scaler}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: nobody}
  maxReplicas: 3
  targetCPUUtilizationPercentage: 50
---
apiVersion: law.example.com/v1
kind: Gizmo
metadata: {name: gizmo, labels: {app: law}}
spec:
  replicas: 1
  title: one
  ratio: 1.5
  either: 80%
  words: [a, b, c]
  tags: [x, y, z]
  numbers: [3, 1, 2]
  lists: [[1, 2], [3]]
  items:
  - {name: a, value: "1", inner: [{id: 1, text: one}, {id: 2, text: two}]}
  - {name: b, extra: {k: v}}
  ports: [{port: 80}, {port: 80, protocol: UDP, name: dns}, {port: 81, name: web}]
  plain: [{a: x, b: 1}, {a: y}]
  atom: {a: x, c: {d: deep}}
  bag: {one: "1", two: "2"}
  map: {one: "1", two: "2"}
  free: {anything: {goes: [1, {two: 3}]}, count: 1}
  embedded: {apiVersion: v1, kind: ConfigMap, metadata: {name: inside}, data: {k: v}}
  defaulted: {hint: h}
---
apiVersion: law.example.com/v1
kind: Gizmo
metadata: {name: empties}
spec:
  title: ""
  enabled: null
  note: null
  either: 0
  replicas: 0
  words: []
  tags: []
  items: []
  ports: []
  plain: []
  atom: {}
  bag: {}
  map: {}
  free: {}
  defaulted: {}
---
apiVersion: law.example.com/v1
kind: Gizmo
metadata: {name: bare}
spec: {items: [{name: only}], ports: [{port: 443}], enabled: false}
"""


def real() -> list[Manifest]:
    return [manifest for manifest in yaml.safe_load_all(_MANIFESTS) if manifest]


def generated(random: Random, count: int) -> list[Manifest]:
    """Gizmos by chance: fields there or not, full or empty."""
    return [
        {
            "apiVersion": "law.example.com/v1",
            "kind": "Gizmo",
            "metadata": {"name": f"generated-{number}"},
            "spec": _spec(random),
        }
        for number in range(count)
    ]


def _spec(random: Random) -> Manifest:
    chosen = {name: make(random) for name, make in _FIELDS.items() if random.random() < 0.6}
    return chosen or {"title": "alone"}


def _word(random: Random) -> str:
    return random.choice(["", "a", "b", "1", "true", "é", 'quo"te', "back\\slash", "a.b/c"])


def _words(random: Random) -> list[str]:
    return [_word(random) for _ in range(random.randrange(4))]


def _mapping(random: Random) -> dict[str, str]:
    return {random.choice(["a", "b", "a.b/c", "k~1"]): _word(random) for _ in range(random.randrange(3))}


def _items(random: Random) -> list[Manifest]:
    names = random.sample(["a", "b", 'q"q', "é", "x/y"], random.randrange(4))
    return [{"name": name, **_value(random), **_inner(random)} for name in names]


def _value(random: Random) -> Manifest:
    return {"value": _word(random)} if random.random() < 0.5 else {}


def _inner(random: Random) -> Manifest:
    if random.random() < 0.5:
        return {}
    return {"inner": [{"id": number, "text": _word(random)} for number in random.sample(range(5), random.randrange(3))]}


def _ports(random: Random) -> list[Manifest]:
    """With the protocol and without; no two are the same with it filled in."""
    pairs = [(port, protocol) for port in (80, 81) for protocol in ("TCP", "UDP", "")]
    ports: dict[tuple[int, str], Manifest] = {}
    for port, protocol in random.sample(pairs, random.randrange(4)):
        ports.setdefault((port, protocol or "TCP"), {"port": port, **({"protocol": protocol} if protocol else {})})
    return list(ports.values())


_FIELDS: Mapping[str, Callable[[Random], Any]] = {
    "replicas": lambda random: random.randrange(3),
    "title": _word,
    "ratio": lambda random: random.choice([0, 1, 0.5, 1e21]),
    "enabled": lambda random: random.choice([True, False, None]),
    "note": lambda random: random.choice([None, "n", ""]),
    "either": lambda random: random.choice([0, 5, "5", "50%"]),
    "words": _words,
    "tags": lambda random: sorted(set(_words(random))),
    "numbers": lambda random: random.sample(range(4), random.randrange(4)),
    "lists": lambda random: [[random.randrange(3)] for _ in range(random.randrange(3))],
    "items": _items,
    "ports": _ports,
    "plain": lambda random: [{"a": _word(random)} for _ in range(random.randrange(3))],
    "atom": lambda random: random.choice([{}, {"a": "x"}, {"a": "x", "c": {"d": "e"}}, {"c": {}}]),
    "bag": _mapping,
    "map": _mapping,
    "free": lambda random: random.choice([{}, {"x": {}}, {"x": {"y": [1, 2]}}, {"x": None}, {"x": []}]),
    "defaulted": lambda random: random.choice([{}, {"level": 1}, {"hint": "h"}]),
}
