import { optionOf } from '../config/option-names.ts'
import type { OptionKey } from '../config/option-table.ts'
import type { Template } from './deployment.ts'
import { defaultOf, type OptionSetting, publicUrlSettings, setting } from './option-setting.ts'

/** Time beside the server's own deadline, seconds: for the log's last lines and a busy machine. */
const stopMarginSeconds = 15

/**
 * A unit for a machine of one's own: started and watched through sd_notify, secrets as credentials, events in SQLite below /var/lib, and everything
 * shut that the server does not need ("systemd-analyze security" gives it 1.3, "OK").
 */
export const renderSystemdUnit: Template = ({ program, publicUrl }) => {
  const settings = [setting('queueBackendType', 'sqlite'), ...publicUrlSettings(publicUrl)]
  const stopSeconds = Number(defaultOf('serverShutdownSeconds')) + stopMarginSeconds
  return `# /etc/systemd/system/${program}.service; the .deb has it in /usr/lib/systemd/system
#
# Before the first start, as root (each asks for its line on standard input; the files stay readable by root alone):
#   install -d -m 0700 /etc/${program}/credentials
${credentials.map(({ path }) => `#   install -m 0600 /dev/stdin ${path(program)}`).join('\n')}
#   systemctl daemon-reload && systemctl enable --now ${program}

[Unit]
Description=Slack for AI clients (MCP) and durable Slack events
After=network-online.target
Wants=network-online.target
StartLimitIntervalSec=60
StartLimitBurst=5

[Service]
# The server says when it listens, when it stops, and every few seconds that its event loop turns.
Type=notify
NotifyAccess=main
WatchdogSec=30s
ExecStart=/usr/bin/${program} serve
# Reads config.toml again; docs/configuration.md says what of it takes effect. Credentials and variables are those of the start.
ExecReload=/bin/kill -HUP $MAINPID
${credentials.map(({ name, path }) => `LoadCredential=${name}:${path(program)}`).join('\n')}
${settings.map(environmentLine).join('\n')}
# Further options, one NAME=value a line ("${program} generate env" lists them). Secrets do not belong here: everybody can read a unit's environment.
EnvironmentFile=-/etc/${program}/${program}.env
# Accepted events are kept here: /var/lib/${program}
StateDirectory=${program}
StateDirectoryMode=0700
Restart=on-failure
RestartSec=2s
# 2 and 78: a wrong flag or configuration does not heal by trying again.
RestartPreventExitStatus=2 78
TimeoutStopSec=${stopSeconds}s

# It listens on ${defaultOf('host')}:${defaultOf('port')}, for a reverse proxy that speaks HTTPS. A port below 1024 of its own takes AmbientCapabilities= and
# CapabilityBoundingSet=CAP_NET_BIND_SERVICE, and PrivateUsers=no.
DynamicUser=yes
UMask=0077
LimitNOFILE=65536
LimitCORE=0
MemoryHigh=400M
MemoryMax=512M
TasksMax=256
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
PrivateUsers=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
ProcSubset=pid
RemoveIPC=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
# Not MemoryDenyWriteExecute=: the engine compiles while it runs. With it a loop takes 18 times as long and sd_notify fails.

[Install]
WantedBy=multi-user.target
`
}

interface Credential {
  readonly name: string
  readonly path: (program: string) => string
}

const credentials = (['slackBotToken', 'slackSigningSecret'] as const).map(asCredential)

function asCredential(key: OptionKey): Credential {
  const { credential: name } = optionOf(key)
  if (name === undefined) throw new TypeError(`${key} is no secret`)
  return { name, path: (program) => `/etc/${program}/credentials/${name}` }
}

/** In quotes; a percent sign would begin a specifier. */
function environmentLine({ env, value }: OptionSetting): string {
  return `Environment="${env}=${value.replaceAll('%', '%%').replaceAll(/["\\]/g, '\\$&')}"`
}
