"""What the API server's own kinds are made of, as far as comparing needs it: generated from OpenAPI, checked by a test.

A line is a type, called as in OpenAPI (a kind by apiVersion and name), and its fields that are not plain: `field:Type`;
between both the form: `[]` a list that is written whole, `[key,key=default]` one whose items have keys, `[=]` a set,
`{}` a map, `{!}` a map and `!` an object that is written whole; then its values: `#` quantities, `@` times, `%` bytes
in base64. A field without any of these is not named. Every kind has metadata:ObjectMeta.
"""

TYPES = """\
APIServiceSpec: caBundle%
Affinity: nodeAffinity:NodeAffinity podAffinity:PodAffinity podAntiAffinity:PodAntiAffinity
AggregationRule: clusterRoleSelectors[]:LabelSelector
CSIDriverSpec: volumeLifecycleModes[=]
CSINodeSpec: drivers[name]
CSIPersistentVolumeSource: controllerExpandSecretRef! controllerPublishSecretRef! nodeExpandSecretRef!
  nodePublishSecretRef! nodeStageSecretRef! volumeAttributes{}
CSIVolumeSource: nodePublishSecretRef! volumeAttributes{}
CapacityRequestPolicy: default# validRange:CapacityRequestPolicyRange validValues[]#
CapacityRequestPolicyRange: max# min# step#
CapacityRequirements: requests{}#
CephFSPersistentVolumeSource: secretRef!
CephFSVolumeSource: secretRef!
CertificateSigningRequestSpec: extra{} request%
CinderPersistentVolumeSource: secretRef!
CinderVolumeSource: secretRef!
ClusterTrustBundleProjection: labelSelector!:LabelSelector
Container: env[name]:EnvVar ports[containerPort,protocol=TCP] resources:ResourceRequirements
  restartPolicyRules[]:ContainerRestartRule volumeDevices[devicePath] volumeMounts[mountPath]:VolumeMount
ContainerResourceMetricSource: target:MetricTarget
ContainerRestartRule: exitCodes:ContainerRestartRuleOnExitCodes
ContainerRestartRuleOnExitCodes: values[=]
Counter: value#
CounterSet: counters{}:Counter
CronJobSpec: jobTemplate:JobTemplateSpec
CustomResourceConversion: webhook:WebhookConversion
CustomResourceDefinitionSpec: conversion:CustomResourceConversion versions[]:CustomResourceDefinitionVersion
CustomResourceDefinitionVersion: schema:CustomResourceValidation
CustomResourceValidation: openAPIV3Schema:JSONSchemaProps
DaemonSetSpec: selector!:LabelSelector template:PodTemplateSpec
DeploymentSpec: selector!:LabelSelector template:PodTemplateSpec
Device: attributes{} capacity{}:DeviceCapacity consumesCounters[]:DeviceCounterConsumption
  nodeAllocatableResources{}:NodeAllocatableResource nodeSelector! taints[]:DeviceTaint
DeviceCapacity: requestPolicy:CapacityRequestPolicy value#
DeviceClaim: requests[]:DeviceRequest
DeviceCounterConsumption: counters{}:Counter
DeviceRequest: exactly:ExactDeviceRequest firstAvailable[]:DeviceSubRequest
DeviceSubRequest: capacity:CapacityRequirements
DeviceTaint: timeAdded@
DeviceTaintRuleSpec: taint:DeviceTaint
DownwardAPIProjection: items[]:DownwardAPIVolumeFile
DownwardAPIVolumeFile: fieldRef! resourceFieldRef!:ResourceFieldSelector
DownwardAPIVolumeSource: items[]:DownwardAPIVolumeFile
EmptyDirVolumeSource: sizeLimit#
Endpoint: addresses[=] deprecatedTopology{} targetRef!
EndpointAddress: targetRef!
EndpointSubset: addresses[]:EndpointAddress notReadyAddresses[]:EndpointAddress
EnvVar: valueFrom:EnvVarSource
EnvVarSource: configMapKeyRef! fieldRef! fileKeyRef! resourceFieldRef!:ResourceFieldSelector secretKeyRef!
EphemeralContainer: env[name]:EnvVar ports[containerPort,protocol=TCP] resources:ResourceRequirements
  restartPolicyRules[]:ContainerRestartRule volumeDevices[devicePath] volumeMounts[mountPath]:VolumeMount
EphemeralVolumeSource: volumeClaimTemplate:PersistentVolumeClaimTemplate
ExactDeviceRequest: capacity:CapacityRequirements
ExternalMetricSource: metric:MetricIdentifier target:MetricTarget
FlexPersistentVolumeSource: options{} secretRef!
FlexVolumeSource: options{} secretRef!
FlowSchemaSpec: rules[]:PolicyRulesWithSubjects
HPAScalingRules: tolerance#
HTTPIngressPath: backend:IngressBackend
HTTPIngressRuleValue: paths[]:HTTPIngressPath
HorizontalPodAutoscalerBehavior: scaleDown:HPAScalingRules scaleUp:HPAScalingRules
ISCSIPersistentVolumeSource: secretRef!
ISCSIVolumeSource: secretRef!
IngressBackend: resource! service:IngressServiceBackend
IngressRule: http:HTTPIngressRuleValue
IngressServiceBackend: port!
IngressSpec: defaultBackend:IngressBackend rules[]:IngressRule
JSONSchemaProps: allOf[]:JSONSchemaProps anyOf[]:JSONSchemaProps definitions{}:JSONSchemaProps dependencies{}
  not:JSONSchemaProps oneOf[]:JSONSchemaProps patternProperties{}:JSONSchemaProps properties{}:JSONSchemaProps
  x-kubernetes-validations[rule]
JobSchedulingConfiguration: resourceClaims[name]
JobSpec: podFailurePolicy:PodFailurePolicy scheduling:JobSchedulingConfiguration selector!:LabelSelector
  template:PodTemplateSpec
JobTemplateSpec: metadata:ObjectMeta spec:JobSpec
LabelSelector: matchLabels{}
LeaseSpec: acquireTime@ renewTime@
LimitRangeItem: default{}# defaultRequest{}# max{}# maxLimitRequestRatio{}# min{}#
LimitRangeSpec: limits[]:LimitRangeItem
MatchResources: namespaceSelector!:LabelSelector objectSelector!:LabelSelector
MetricIdentifier: selector!:LabelSelector
MetricSpec: containerResource:ContainerResourceMetricSource external:ExternalMetricSource object:ObjectMetricSource
  pods:PodsMetricSource resource:ResourceMetricSource
MetricTarget: averageValue# value#
MutatingAdmissionPolicyBindingSpec: matchResources!:MatchResources paramRef!:ParamRef
MutatingAdmissionPolicySpec: matchConditions[name] matchConstraints!:MatchResources paramKind!
MutatingWebhook: clientConfig:admissionregistration.v1.WebhookClientConfig matchConditions[name]
  namespaceSelector!:LabelSelector objectSelector!:LabelSelector
NetworkPolicyEgressRule: to[]:NetworkPolicyPeer
NetworkPolicyIngressRule: from[]:NetworkPolicyPeer
NetworkPolicyPeer: namespaceSelector!:LabelSelector podSelector!:LabelSelector
NetworkPolicySpec: egress[]:NetworkPolicyEgressRule ingress[]:NetworkPolicyIngressRule podSelector!:LabelSelector
NodeAffinity: preferredDuringSchedulingIgnoredDuringExecution[]:PreferredSchedulingTerm
  requiredDuringSchedulingIgnoredDuringExecution!
NodeAllocatableMapping: capacityMultiplier# deviceMultiplier#
NodeAllocatableOverhead: perContainer# perPod#
NodeAllocatableResource: mapping:NodeAllocatableMapping overhead:NodeAllocatableOverhead
NodePodPreemptionPolicy: disableResizePreemption[=]
NodeSpec: podCIDRs[=] podPreemptionPolicy:NodePodPreemptionPolicy taints[]:Taint
NonResourcePolicyRule: nonResourceURLs[=] verbs[=]
ObjectMeta: annotations{} creationTimestamp@ deletionTimestamp@ finalizers[=] labels{} ownerReferences[uid]
ObjectMetricSource: metric:MetricIdentifier target:MetricTarget
Overhead: podFixed{}#
ParamRef: selector!:LabelSelector
PersistentVolumeClaimSpec: dataSource! resources:VolumeResourceRequirements selector!:LabelSelector
PersistentVolumeClaimTemplate: metadata:ObjectMeta spec:PersistentVolumeClaimSpec
PersistentVolumeSpec: capacity{}# cephfs:CephFSPersistentVolumeSource cinder:CinderPersistentVolumeSource claimRef!
  csi:CSIPersistentVolumeSource flexVolume:FlexPersistentVolumeSource iscsi:ISCSIPersistentVolumeSource
  nodeAffinity:VolumeNodeAffinity rbd:RBDPersistentVolumeSource scaleIO:ScaleIOPersistentVolumeSource
  storageos:StorageOSPersistentVolumeSource
PodAffinity: preferredDuringSchedulingIgnoredDuringExecution[]:WeightedPodAffinityTerm
  requiredDuringSchedulingIgnoredDuringExecution[]:PodAffinityTerm
PodAffinityTerm: labelSelector!:LabelSelector namespaceSelector!:LabelSelector
PodAntiAffinity: preferredDuringSchedulingIgnoredDuringExecution[]:WeightedPodAffinityTerm
  requiredDuringSchedulingIgnoredDuringExecution[]:PodAffinityTerm
PodCertificateProjection: userAnnotations{}
PodCertificateRequestSpec: stubPKCS10Request% unverifiedUserAnnotations{}
PodDisruptionBudgetSpec: selector!:LabelSelector
PodFailurePolicy: rules[]:PodFailurePolicyRule
PodFailurePolicyOnExitCodesRequirement: values[=]
PodFailurePolicyRule: onExitCodes:PodFailurePolicyOnExitCodesRequirement
PodSpec: affinity:Affinity containers[name]:Container ephemeralContainers[name]:EphemeralContainer
  evictionResponders[name] hostAliases[ip] imagePullSecrets[name] initContainers[name]:Container nodeSelector{!}
  overhead{}# resourceClaims[name] resources:ResourceRequirements schedulingGates[name]
  topologySpreadConstraints[topologyKey,whenUnsatisfiable]:TopologySpreadConstraint volumes[name]:Volume
PodTemplateSpec: metadata:ObjectMeta spec:PodSpec
PodsMetricSource: metric:MetricIdentifier target:MetricTarget
PolicyRulesWithSubjects: nonResourceRules[]:NonResourcePolicyRule resourceRules[]:ResourcePolicyRule
PreferredSchedulingTerm: preference!
ProjectedVolumeSource: sources[]:VolumeProjection
RBDPersistentVolumeSource: secretRef!
RBDVolumeSource: secretRef!
ReplicaSetSpec: selector!:LabelSelector template:PodTemplateSpec
ReplicationControllerSpec: selector{!} template:PodTemplateSpec
ResourceClaimSpec: devices:DeviceClaim
ResourceClaimTemplateSpec: metadata:ObjectMeta spec:ResourceClaimSpec
ResourceFieldSelector: divisor#
ResourceMetricSource: target:MetricTarget
ResourcePolicyRule: apiGroups[=] namespaces[=] resources[=] verbs[=]
ResourceQuotaSpec: hard{}# scopeSelector!
ResourceRequirements: claims[name] limits{}# requests{}#
ResourceSliceSpec: devices[]:Device nodeSelector! sharedCounters[]:CounterSet skipNodeOperations[=]
ScaleIOPersistentVolumeSource: secretRef!
ScaleIOVolumeSource: secretRef!
Scheduling: nodeSelector{!}
ServiceSpec: ports[port,protocol=TCP] selector{!}
StatefulSetSpec: selector!:LabelSelector template:PodTemplateSpec volumeClaimTemplates[]:v1/PersistentVolumeClaim
StorageOSPersistentVolumeSource: secretRef!
StorageOSVolumeSource: secretRef!
Taint: timeAdded@
TopologySpreadConstraint: labelSelector!:LabelSelector
ValidatingAdmissionPolicyBindingSpec: matchResources!:MatchResources paramRef!:ParamRef validationActions[=]
ValidatingAdmissionPolicySpec: matchConditions[name] matchConstraints!:MatchResources paramKind! variables[name]
ValidatingWebhook: clientConfig:admissionregistration.v1.WebhookClientConfig matchConditions[name]
  namespaceSelector!:LabelSelector objectSelector!:LabelSelector
Volume: cephfs:CephFSVolumeSource cinder:CinderVolumeSource csi:CSIVolumeSource downwardAPI:DownwardAPIVolumeSource
  emptyDir:EmptyDirVolumeSource ephemeral:EphemeralVolumeSource flexVolume:FlexVolumeSource iscsi:ISCSIVolumeSource
  projected:ProjectedVolumeSource rbd:RBDVolumeSource scaleIO:ScaleIOVolumeSource storageos:StorageOSVolumeSource
VolumeAttachmentSource: inlineVolumeSpec:PersistentVolumeSpec
VolumeAttachmentSpec: source:VolumeAttachmentSource
VolumeMount: bindMountOptions[=]
VolumeNodeAffinity: required!
VolumeProjection: clusterTrustBundle:ClusterTrustBundleProjection downwardAPI:DownwardAPIProjection
  podCertificate:PodCertificateProjection
VolumeResourceRequirements: limits{}# requests{}#
WebhookConversion: clientConfig:apiextensions.v1.WebhookClientConfig
WeightedPodAffinityTerm: podAffinityTerm:PodAffinityTerm
admissionregistration.k8s.io/v1/MutatingAdmissionPolicy: spec:MutatingAdmissionPolicySpec
admissionregistration.k8s.io/v1/MutatingAdmissionPolicyBinding: spec:MutatingAdmissionPolicyBindingSpec
admissionregistration.k8s.io/v1/MutatingWebhookConfiguration: webhooks[name]:MutatingWebhook
admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy: spec:ValidatingAdmissionPolicySpec
admissionregistration.k8s.io/v1/ValidatingAdmissionPolicyBinding: spec:ValidatingAdmissionPolicyBindingSpec
admissionregistration.k8s.io/v1/ValidatingWebhookConfiguration: webhooks[name]:ValidatingWebhook
admissionregistration.v1.WebhookClientConfig: caBundle%
apiextensions.k8s.io/v1/CustomResourceDefinition: spec:CustomResourceDefinitionSpec
apiextensions.v1.WebhookClientConfig: caBundle%
apiregistration.k8s.io/v1/APIService: spec:APIServiceSpec
apps/v1/ControllerRevision:
apps/v1/DaemonSet: spec:DaemonSetSpec
apps/v1/Deployment: spec:DeploymentSpec
apps/v1/ReplicaSet: spec:ReplicaSetSpec
apps/v1/StatefulSet: spec:StatefulSetSpec
autoscaling.v1.HorizontalPodAutoscalerSpec: scaleTargetRef!
autoscaling.v2.HorizontalPodAutoscalerSpec: behavior:HorizontalPodAutoscalerBehavior metrics[]:MetricSpec
autoscaling/v1/HorizontalPodAutoscaler: spec:autoscaling.v1.HorizontalPodAutoscalerSpec
autoscaling/v2/HorizontalPodAutoscaler: spec:autoscaling.v2.HorizontalPodAutoscalerSpec
batch/v1/CronJob: spec:CronJobSpec
batch/v1/Job: spec:JobSpec
certificates.k8s.io/v1/CertificateSigningRequest: spec:CertificateSigningRequestSpec
certificates.k8s.io/v1/ClusterTrustBundle:
certificates.k8s.io/v1/PodCertificateRequest: spec:PodCertificateRequestSpec
coordination.k8s.io/v1/Lease: spec:LeaseSpec
discovery.k8s.io/v1/EndpointSlice: endpoints[]:Endpoint
flowcontrol.apiserver.k8s.io/v1/FlowSchema: spec:FlowSchemaSpec
flowcontrol.apiserver.k8s.io/v1/PriorityLevelConfiguration:
networking.k8s.io/v1/IPAddress:
networking.k8s.io/v1/Ingress: spec:IngressSpec
networking.k8s.io/v1/IngressClass:
networking.k8s.io/v1/NetworkPolicy: spec:NetworkPolicySpec
networking.k8s.io/v1/ServiceCIDR:
node.k8s.io/v1/RuntimeClass: overhead:Overhead scheduling:Scheduling
policy/v1/PodDisruptionBudget: spec:PodDisruptionBudgetSpec
rbac.authorization.k8s.io/v1/ClusterRole: aggregationRule:AggregationRule
rbac.authorization.k8s.io/v1/ClusterRoleBinding: roleRef!
rbac.authorization.k8s.io/v1/Role:
rbac.authorization.k8s.io/v1/RoleBinding: roleRef!
resource.k8s.io/v1/DeviceClass:
resource.k8s.io/v1/DeviceTaintRule: spec:DeviceTaintRuleSpec
resource.k8s.io/v1/ResourceClaim: spec:ResourceClaimSpec
resource.k8s.io/v1/ResourceClaimTemplate: spec:ResourceClaimTemplateSpec
resource.k8s.io/v1/ResourceSlice: spec:ResourceSliceSpec
scheduling.k8s.io/v1/PriorityClass:
storage.k8s.io/v1/CSIDriver: spec:CSIDriverSpec
storage.k8s.io/v1/CSINode: spec:CSINodeSpec
storage.k8s.io/v1/CSIStorageCapacity: capacity# maximumVolumeSize# nodeTopology!:LabelSelector
storage.k8s.io/v1/StorageClass: parameters{}
storage.k8s.io/v1/VolumeAttachment: spec:VolumeAttachmentSpec
storage.k8s.io/v1/VolumeAttributesClass: parameters{}
storagemigration.k8s.io/v1/StorageVersionMigration:
v1/Binding: target!
v1/ConfigMap: binaryData{}% data{}
v1/Endpoints: subsets[]:EndpointSubset
v1/LimitRange: spec:LimitRangeSpec
v1/Namespace:
v1/Node: spec:NodeSpec
v1/PersistentVolume: spec:PersistentVolumeSpec
v1/PersistentVolumeClaim: spec:PersistentVolumeClaimSpec
v1/Pod: spec:PodSpec
v1/PodTemplate: template:PodTemplateSpec
v1/ReplicationController: spec:ReplicationControllerSpec
v1/ResourceQuota: spec:ResourceQuotaSpec
v1/Secret: data{}% stringData{}
v1/Service: spec:ServiceSpec
v1/ServiceAccount: secrets[name]
"""

CLUSTER_SCOPED = frozenset(
    {
        "admissionregistration.k8s.io/v1/MutatingAdmissionPolicy",
        "admissionregistration.k8s.io/v1/MutatingAdmissionPolicyBinding",
        "admissionregistration.k8s.io/v1/MutatingWebhookConfiguration",
        "admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy",
        "admissionregistration.k8s.io/v1/ValidatingAdmissionPolicyBinding",
        "admissionregistration.k8s.io/v1/ValidatingWebhookConfiguration",
        "apiextensions.k8s.io/v1/CustomResourceDefinition",
        "apiregistration.k8s.io/v1/APIService",
        "certificates.k8s.io/v1/CertificateSigningRequest",
        "certificates.k8s.io/v1/ClusterTrustBundle",
        "flowcontrol.apiserver.k8s.io/v1/FlowSchema",
        "flowcontrol.apiserver.k8s.io/v1/PriorityLevelConfiguration",
        "networking.k8s.io/v1/IPAddress",
        "networking.k8s.io/v1/IngressClass",
        "networking.k8s.io/v1/ServiceCIDR",
        "node.k8s.io/v1/RuntimeClass",
        "rbac.authorization.k8s.io/v1/ClusterRole",
        "rbac.authorization.k8s.io/v1/ClusterRoleBinding",
        "resource.k8s.io/v1/DeviceClass",
        "resource.k8s.io/v1/DeviceTaintRule",
        "resource.k8s.io/v1/ResourceSlice",
        "scheduling.k8s.io/v1/PriorityClass",
        "storage.k8s.io/v1/CSIDriver",
        "storage.k8s.io/v1/CSINode",
        "storage.k8s.io/v1/StorageClass",
        "storage.k8s.io/v1/VolumeAttachment",
        "storage.k8s.io/v1/VolumeAttributesClass",
        "storagemigration.k8s.io/v1/StorageVersionMigration",
        "v1/Namespace",
        "v1/Node",
        "v1/PersistentVolume",
    }
)
"""The kinds, by apiVersion and name, whose objects stand in no namespace."""
