{{- /* What several manifests have in common. */}}
{{- define "nabz.name" -}}
{{ .Release.Name | trunc 40 | trimSuffix "-" }}
{{- end }}

{{- define "nabz.selects" -}}
app.kubernetes.io/name: nabz
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .part }}
{{- end }}

{{- define "nabz.labels" -}}
{{ include "nabz.selects" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{- define "nabz.image" -}}
{{- with .Values.image }}{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}{{ end }}
{{- end }}

{{- define "nabz.pod" -}}
serviceAccountName: {{ include "nabz.name" .root }}
automountServiceAccountToken: false
{{- with .root.Values.pullSecrets }}
imagePullSecrets:
{{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "nabz.container" -}}
image: {{ include "nabz.image" .root }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
securityContext:
  readOnlyRootFilesystem: true
  allowPrivilegeEscalation: false
  capabilities: {drop: [ALL]}
{{- with .root.Values.envFrom }}
envFrom:
{{- range . }}
  - secretRef: {name: {{ . }}}
{{- end }}
{{- end }}
volumeMounts:
  - {name: config, mountPath: /etc/nabz, readOnly: true}
  - {name: tmp, mountPath: /tmp}
{{- range .root.Values.mounts }}
  - {name: {{ . | quote }}, mountPath: {{ printf "/run/secrets/%s" . | quote }}, readOnly: true}
{{- end }}
{{- if .root.Values.metrics.tokenSecret }}
  - {name: metrics-token, mountPath: /run/secrets/nabz-metrics, readOnly: true}
{{- end }}
{{- end }}

{{- define "nabz.volumes" -}}
- name: config
  configMap: {name: {{ .config }}}
- name: tmp
  emptyDir: {medium: Memory, sizeLimit: 64Mi}
{{- range .root.Values.mounts }}
- name: {{ . | quote }}
  secret: {secretName: {{ . | quote }}}
{{- end }}
{{- if .root.Values.metrics.tokenSecret }}
- name: metrics-token
  secret:
    secretName: {{ .root.Values.metrics.tokenSecret }}
    items: [{key: {{ .root.Values.metrics.tokenKey | quote }}, path: token}]
{{- end }}
{{- end }}

{{- /* Listens on the pod's address only behind a token; probes need it to, so there they are asked
inside the container where there is none. */}}
{{- define "nabz.listens" -}}
{{- if .root.Values.metrics.tokenSecret }}
- {name: {{ printf "NABZ_METRICS__%s__BIND" (upper .part) }}, value: "0.0.0.0:{{ .port }}"}
- {name: {{ printf "NABZ_METRICS__%s__TOKEN" (upper .part) }}, value: file:/run/secrets/nabz-metrics/token}
{{- else }}
- {name: {{ printf "NABZ_METRICS__%s__BIND" (upper .part) }}, value: "127.0.0.1:{{ .port }}"}
{{- end }}
{{- end }}

{{- define "nabz.probe" -}}
{{- if .root.Values.metrics.tokenSecret -}}
httpGet: {path: {{ .path }}, port: {{ .port }}}
{{- else -}}
exec:
  command:
    - python
    - -c
    - import urllib.request as u; u.urlopen('http://127.0.0.1:{{ .port }}{{ .path }}', timeout=4)
{{- end }}
{{- end }}

{{- define "nabz.probes" -}}
startupProbe:
  {{- include "nabz.probe" (dict "root" .root "path" "/livez" "port" .port) | nindent 2 }}
  periodSeconds: 5
  timeoutSeconds: 5
  failureThreshold: 60
livenessProbe:
  {{- include "nabz.probe" (dict "root" .root "path" "/livez" "port" .port) | nindent 2 }}
  periodSeconds: 15
  timeoutSeconds: 5
  failureThreshold: 4
readinessProbe:
  {{- include "nabz.probe" (dict "root" .root "path" "/readyz" "port" .port) | nindent 2 }}
  periodSeconds: 10
  timeoutSeconds: 5
{{- end }}
