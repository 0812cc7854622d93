{{- define "gitops-operator.name" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride -}}
{{- else if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "gitops-operator.namespace" -}}
{{- .Values.namespaceOverride | default .Release.Namespace -}}
{{- end -}}

{{- define "gitops-operator.serviceAccount" -}}
{{- .Values.serviceAccount.name | default (ternary (include "gitops-operator.name" .) "default" .Values.serviceAccount.create) -}}
{{- end -}}

{{- /* The operator knows its own objects by the first label and never deletes them: it cannot be chosen. */ -}}
{{- define "gitops-operator.selector" -}}
app.kubernetes.io/name: gitops-operator
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "gitops-operator.labels" -}}
{{ include "gitops-operator.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "gitops-operator.metadata" -}}
name: {{ include "gitops-operator.name" . }}
namespace: {{ include "gitops-operator.namespace" . }}
labels:
  {{- include "gitops-operator.labels" . | nindent 2 }}
{{- end -}}

{{- define "gitops-operator.clusterMetadata" -}}
name: {{ include "gitops-operator.name" . }}
labels:
  {{- include "gitops-operator.labels" . | nindent 2 }}
{{- end -}}

{{- define "gitops-operator.subjects" -}}
- kind: ServiceAccount
  name: {{ include "gitops-operator.serviceAccount" . }}
  namespace: {{ include "gitops-operator.namespace" . }}
{{- end -}}

{{- define "gitops-operator.image" -}}
{{- $image := .Values.image -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $image.repository $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $image.repository ($image.tag | default .Chart.AppVersion) -}}
{{- end -}}
{{- end -}}

{{- define "gitops-operator.httpPort" -}}
{{- .Values.settings.httpPort | default 8080 -}}
{{- end -}}

{{- define "gitops-operator.webhookPort" -}}
{{- .Values.settings.webhookPort | default 8081 -}}
{{- end -}}

{{- define "gitops-operator.priorityClass" -}}
{{- .Values.priorityClass.name | default (ternary (include "gitops-operator.name" .) "" .Values.priorityClass.create) -}}
{{- end -}}
