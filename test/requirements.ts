/** One promise of the product. */
export interface Requirement {
  /** What is promised, in one sentence. */
  readonly says: string
  /** The file that shows it where no test can (a document, a build file); without it a test must cite the id. */
  readonly shownBy?: string
  /** Promised, but not there yet: must not be cited. Deleting this line makes the gate ask for a test. */
  readonly isOpen?: true
}

/**
 * Every promised behaviour as data. S ids are the architecture specification, sentence by sentence; finer ids (`webhook:…`) stand below
 * their subject. A test cites an id through `verifies(id, …)`; the gate fails for an id without a test and for a cited id that is not here.
 */
export const requirements: Readonly<Record<string, Requirement>> = {
  S1: {
    says: 'One process, one HTTP app, one port serves MCP clients and Slack webhooks at the same time',
  },
  S2: {
    says: '"Simplifies deployment, reduces operational overhead, enables unified configuration and monitoring": one config object, one health endpoint, one metrics endpoint, one log stream for both halves',
  },
  S3: {
    says: 'A public factory (createIntegratedApp) building the unified app, options token? (null/undefined = deferred or from config), mcpTransport default "sse", mcpMountPath? default "/mcp", retry default 3; returns the app without listening',
  },
  S4: {
    says: 'The factory creates the webhook app as base, initialises the shared Slack client with token+retry, then attaches MCP by transport, in that order',
  },
  S5: {
    says: 'mcpTransport="sse": MCP mounted at mcpMountPath; a null/empty mount path falls back to /mcp',
  },
  S6: {
    says: 'mcpTransport="streamable-http": MCP HTTP routes are merged into the main app at root level (no mount path required)',
  },
  S7: {
    says: "Unknown/empty/null transport is refused with a clear error (upstream: ValueError for '', None, stdio, socket-mode; socket-mode has its own message)",
  },
  S8: {
    says: 'Creating the app twice in one process (tests) does not duplicate routes or share state',
  },
  S9: { says: 'POST /slack/events processes Slack events in both transports' },
  S10: { says: 'GET /health in both transports, unified for both components' },
  S11: {
    says: 'SSE mode is the default transport and browser compatible (CORS + EventSource)',
  },
  S12: {
    says: 'SSE mode: GET /mcp/sse opens the stream; first event is endpoint whose data is the messages URL *including the mount path* (upstream: /mcp/messages/?session_id=…)',
  },
  S13: {
    says: 'MCP_MOUNT_PATH=/api/mcp ⇒ SSE at /api/mcp/sse and the advertised messages URL is /api/mcp/messages…',
  },
  S14: { says: 'Streamable-HTTP mode: POST /call_tool runs a tool over plain REST' },
  S15: { says: 'Streamable-HTTP mode: GET /list_tools lists tools over plain REST' },
  S16: {
    says: 'the "etc." of S14/S15: the rest of the MCP surface as REST (list/read resources, list/get prompts)',
  },
  S17: {
    says: 'HttpTransport("https://your-server.com") — a streamable-HTTP MCP client pointed at the bare root URL can initialise and call tools (so / must speak MCP as well as /mcp)',
  },
  S18: {
    says: 'A browser MCP client at https://your-server.com/mcp/sse works through a reverse proxy with a public Host header',
  },
  S19: { says: 'Slack app request URL is https://your-server.com/slack/events' },
  S20: {
    says: 'OpenAPI document that is *combined* (webhook + health + MCP/REST endpoints) plus an interactive docs page',
  },
  S21: { says: 'MCP endpoints live under a configurable path, default /mcp' },
  S22: { says: 'MCP tools and webhook processing use the *same Slack client instance*' },
  S23: { says: 'initializeSlackClient(token, retry=3) exists as the single initialiser' },
  S24: {
    says: 'Connection pooling: keep-alive connections to Slack are reused across both halves',
  },
  S25: {
    says: 'Consistent token management: one source of truth; changing the token changes it everywhere',
  },
  S26: {
    says: 'Unified rate limiting: one limiter/backoff state per Slack method+workspace shared by both halves',
  },
  S27: {
    says: 'Shared authentication state (one auth.test identity: team, bot user) available to both halves',
  },
  S28: { says: 'Centralised configuration for both components (one schema, validated once)' },
  S29: { says: 'env SLACK_BOT_TOKEN — required (MCP tools)' },
  S30: { says: 'env SLACK_SIGNING_SECRET — required (webhook verification)' },
  S31: { says: 'env MCP_TRANSPORT ∈ {sse,streamable-http}, default sse' },
  S32: { says: 'env MCP_MOUNT_PATH, default /mcp' },
  S33: {
    says: 'env SLACK_EVENTS_TOPIC — queue topic (specification sets slack.events; upstream default slack_events)',
  },
  S34: { says: 'env QUEUE_BACKEND_TYPE — backend selection' },
  S35: { says: 'env HOST — bind address' },
  S36: { says: 'env PORT — port (Heroku and Cloud Run inject it)' },
  S37: { says: 'env LOG_LEVEL' },
  S38: {
    says: 'In HTTP streaming mode no mount path is required; setting one is harmless or used, never an error',
  },
  S39: {
    says: 'CLI slack-integrated-server with --transport (sse) --mount-path (/mcp) --host (0.0.0.0) --port (3000) --log-level (INFO) --retry (3) — these names, these defaults',
  },
  S40: {
    says: 'Every CLI flag has an env counterpart and the precedence is documented and tested',
  },
  S41: {
    says: 'Container image that runs the integrated server, exposes 3000, default command = --transport sse --port 3000',
  },
  S42: {
    says: 'Container configured by env only: SLACK_BOT_TOKEN, SLACK_SIGNING_SECRET, MCP_TRANSPORT=sse, MCP_MOUNT_PATH=/mcp, PORT=3000',
  },
  S43: {
    says: 'Kubernetes Deployment manifest, replicas: 3, secrets from slack-secrets keys bot-token/signing-secret, containerPort 3000, label app: slack-mcp-integrated',
  },
  S44: {
    says: 'Kubernetes Service type LoadBalancer 80→3000 with no session affinity: consecutive MCP requests may hit different replicas, and duplicate Slack retries that do are stored once when Redis is the backend',
  },
  S45: {
    says: 'Heroku: app boots from config vars and git push (Procfile or container; binds $PORT)',
  },
  S46: {
    says: 'Google Cloud Run (Knative manifest), maxScale 10, containerPort 3000, env only SLACK_BOT_TOKEN + MCP_TRANSPORT — note: no signing secret in that example; see decision D6',
  },
  S47: {
    says: '"Deployment patterns" documented for: single container, Kubernetes, Heroku, Cloud Run (user adds: download-and-run binary, scratch/distroless container, systemd unit on a VM)',
  },
  S48: { says: 'GET /health' },
  S49: { says: 'status = "healthy" when good' },
  S50: { says: 'components.mcp_server = "ready"' },
  S51: { says: 'components.webhook_server = "ready"' },
  S52: {
    says: 'components.slack_client = "connected" — must mean a real check of Slack (cached auth.test), not "object exists"',
  },
  S53: {
    says: 'components.queue_backend = "connected" — must mean a real check that leaves no message behind',
  },
  S54: { says: 'timestamp = ISO-8601 UTC of now' },
  S55: {
    says: 'Unhealthy is visible both in JSON and in the HTTP status (upstream uses 503 when the queue fails; keep)',
  },
  S56: {
    says: '"Unified health endpoints [plural] for both components": liveness vs readiness vs detailed (upstream docs also name /health/detailed)',
  },
  S57: { says: 'Request metrics: HTTP request/response counts, status, latency per route' },
  S58: { says: 'MCP metrics: tool usage count and duration per tool, per outcome' },
  S59: {
    says: 'Webhook metrics: events received/published per event type, throughput, publish latency',
  },
  S60: { says: 'Error metrics: rates and types (by code and component)' },
  S61: {
    says: 'They are collectable by a standard scraper (GET /metrics, text exposition); label sets bounded (an attacker must not be able to mint labels by unknown paths/tool names/event types)',
  },
  S62: { says: 'Structured (machine readable, one object per line) logs' },
  S63: {
    says: 'Event webhook_event_received with fields event_type, team_id, correlation_id for each accepted webhook',
  },
  S64: {
    says: 'Event mcp_tool_executed with fields tool_name, execution_time, correlation_id for each tool call',
  },
  S65: {
    says: 'Correlation id: created or taken from the request, present on every log line of that request, on the error body, and carried with the published event to the consumer',
  },
  S66: { says: 'No secrets in logs (tokens, signing secret, Redis password)' },
  S67: {
    says: 'Every error response of both halves has the shape {"error":{"code","message","component","details","correlation_id"}}',
  },
  S68: { says: 'error.code is a stable UPPER_SNAKE code' },
  S69: { says: 'error.component ∈ {mcp,webhook}' },
  S70: { says: 'error.correlation_id is a UUID, equals the logged one' },
  S71: {
    says: "error.details is an object with specific data (e.g. Slack's error, needed, provided, retry-after)",
  },
  S72: {
    says: 'Circuit breaker around Slack API calls: opens after 5 failures (failure_threshold=5)',
  },
  S73: { says: 'Breaker half-opens after 30 s (recovery_timeout=30)' },
  S74: {
    says: '"Resilience for external dependencies" — plural: also around the queue backend',
  },
  S75: {
    says: 'Breaker state is visible (health, metrics) and its rejection is a unified error; business errors (channel_not_found, missing_scope) must not count as failures',
  },
  S76: { says: 'Retries for Slack calls, count configurable (retry, default 3, 0 = off)' },
  S77: {
    says: 'Memory efficiency: single application instance (measure RSS; upstream asks 128–256 Mi in k8s )',
  },
  S78: { says: 'Connection pooling: shared HTTP connections (=S24)' },
  S79: {
    says: 'Process management: reduced overhead — clean start, SIGTERM drain, exit codes',
  },
  S80: { says: 'Monitoring simplicity: single deployment to monitor' },
  S81: { says: 'Horizontal scaling: several instances correct at once (see S44)' },
  S82: { says: 'Load balancing: requests may be spread over instances' },
  S83: {
    says: 'Auto-scaling on CPU/memory/request metrics ⇒ metrics must expose what an autoscaler needs (in-flight, rate, queue depth)',
  },
  S84: {
    says: 'Regional deployment: several regions ⇒ no hidden global state, stateless instances',
  },
  S85: { says: 'Token management: single source of truth for Slack credentials' },
  S86: {
    says: 'Request verification: webhook signature validation (constant time, raw bytes, 5-minute window)',
  },
  S87: {
    says: 'HTTPS enforcement by TLS termination at the load balancer ⇒ trust X-Forwarded-Proto/-For only from configured proxies; optionally refuse plain HTTP',
  },
  S88: {
    says: 'Secret management: environment-based configuration (files such as *_FILE as a plus; upstream docs show SLACK_BOT_TOKEN_FILE which is not implemented)',
  },
  S89: {
    says: 'Firewall rules: inbound HTTPS only (documentation + manifests, e.g. NetworkPolicy)',
  },
  S90: {
    says: 'API gateway: optional — must work behind one (path prefix, forwarded headers)',
  },
  S91: { says: 'Rate limiting: application-level' },
  S92: {
    says: 'DDoS protection by the cloud provider (doc), and the app must survive: body-size limit, connection/session limits, timeouts',
  },
  S93: {
    says: '"Production-ready, maintainable, scalable" closing claim: covered by tests + docs',
    shownBy: 'docs/README.md',
  },
  S94: {
    says: 'TypeScript, Bun-native; bun build --compile gives a single self-contained binary',
  },
  S95: {
    says: 'Uses elysia, @modelcontextprotocol/sdk, @slack/web-api, @sinclair/typebox, bun-types',
  },
  S96: {
    says: 'Top level: src, test, scripts, bunfig.toml, package.json, tsconfig.json, Dockerfile.distroless',
  },
  S97: {
    says: 'MCP over SSE, streamable HTTP and stdio; webhook receiver; queue in-memory or Redis "plus whatever we add"',
  },
  S98: {
    says: 'One Slack client, one config, one health endpoint, metrics, structured logs with correlation ids, unified error JSON, circuit breaker, rate limiting',
  },
  S99: {
    says: 'Run modes: download-and-run binary; scratch/distroless container (read-only fs, no shell, no curl ⇒ the binary needs its own health probe subcommand); systemd service on a VM; bun test',
    // The container; the tests that cite it show the others, and that they run shows the last.
    shownBy: 'scripts/image-check.ts',
  },
  S100: { says: 'The two halves also run alone: MCP only, webhook only.' },
  S101: { says: 'MCP over stdio.' },
  S103: { says: 'All six upstream tools with their names.' },
  S104: { says: 'Resource slack://emojis.' },
  S105: { says: 'The usage prompts of the upstream tools.' },
  S106: { says: 'CORS settings in four options.' },
  S107: {
    says: 'An explicit --env-file is read, below the real environment; no .env is read by itself.',
  },
  S109: { says: 'createIntegratedApp takes a queue driver of the embedder.' },
  S110: { says: 'A consumer with handlers in two styles.' },
  S111: { says: 'A client factory whose clients can be replaced.' },
  'webhook:signature:vectors': {
    says: "The signature agrees with Slack's documented sample and with independent vectors.",
  },
  'webhook:signature:rotation': { says: 'Several signing secrets are accepted while one is replaced.' },
  'webhook:signature:empty-secret': {
    says: 'An empty signing secret is refused: with one, everybody could sign.',
  },
  'webhook:signature:window': {
    says: 'A timestamp more than 300 seconds away, in either direction, is stale.',
  },
  'webhook:signature:malformed': {
    says: 'A header that is not exactly of the documented form, or doubled, is malformed.',
  },
  'webhook:signature:missing': { says: 'Both headers must be there.' },
  'webhook:signature:bolt': { says: "Bolt's verifier and ours agree wherever both should." },
  'webhook:body:nesting': { says: 'JSON nested deeper than 64 levels is refused before it is parsed.' },
  'webhook:body:json': { says: 'A body that is not a UTF-8 JSON object with a string type is refused.' },
  'webhook:body:size': { says: 'A body over 1 MiB is refused, declared or while reading.' },
  'webhook:body:media-type': { says: 'Only application/json without a content encoding is taken.' },
  'webhook:answer:handshake': { says: 'A signed url_verification gets its challenge and stores nothing.' },
  'webhook:answer:stored': {
    says: 'A signed event is stored with its exact bytes before it is answered 200.',
  },
  'webhook:answer:unauthorized': { says: 'Every signature failure gets the same 401.' },
  'webhook:answer:queue': { says: 'When the queue cannot store, the answer is 503 with Retry-After.' },
  'webhook:answer:method': { says: 'Another method on the webhook gets 405 with Allow.' },
  'webhook:dedupe:no-event-id': {
    says: 'An event without an event_id is deduplicated by a hash of its bytes.',
  },
  'webhook:dedupe:retry-header': { says: 'A retry header alone never marks a duplicate.' },
  'webhook:clock-skew': {
    says: 'A clock that drifts from the one Slack signs by is measured, and named in the log from a minute on (F18).',
  },
  'webhook:advice:secret': {
    says: 'Five mismatches before any valid signature are named once as a wrong secret.',
  },
  'http:edge:host': {
    says: 'Exactly one valid Host of at least four characters is needed to reach any route.',
  },
  'http:edge:path': { says: 'A route is reached by its literal path alone.' },
  'http:edge:correlation': { says: "The caller's X-Correlation-Id is taken over only if it is a UUID." },
  'http:error:unified': { says: 'Every error answer is the unified error, without HTML, stack or path.' },
  'http:health:values': { says: 'Health says ready or connected when good, and which component is not.' },
  'http:health:status': { says: 'Health is 503 only while the queue cannot store.' },
  'http:health:quiet': { says: 'A thousand looks at health within a second ask each component once.' },
  'http:body:budget': {
    says: 'Unfinished bodies beyond the budget of the process are refused before they are read.',
  },
  'observe:log:reserved': { says: 'No field can pass for the time, level, event or version of a log line' },
  'observe:log:level': { says: 'The log level filters and changes at run time' },
  'observe:log:one-line': { says: 'No logged value can forge a line or steer a terminal (T31)' },
  'observe:log:bounded': { says: 'Everything in a log line has a limit' },
  'observe:log:slow-reader': {
    says: 'A slow reader of the log neither holds the server nor fills its memory',
  },
  'observe:log:reader-gone': { says: 'A closed log pipe does not end the server' },
  'observe:metrics:bounded-labels': { says: 'No caller can mint a label value (T32)' },
  'observe:metrics:late-collector': { says: 'A hanging gauge does not hang the scrape' },
  'observe:metrics:loop-lag': { says: 'The lag of the event loop is measured' },
  'config:decode:integer': {
    says: 'An integer is plain digits within its bounds; 1.5, 1e3, 0x50 and true are none.',
  },
  'config:decode:mount-path': {
    says: 'The mount path is made of plain segments and never a path that the server answers itself.',
  },
  'config:decode:slack-api-url': { says: 'SLACK_API_URL is https, or http on loopback alone.' },
  'config:decode:redis-url': {
    says: 'REDIS_URL names one server; Sentinel and Cluster URLs are refused by name.',
  },
  'config:decode:token-length': { says: 'A configured bearer token has at least 32 characters.' },
  'config:alias': { says: 'QUEUE_BACKEND and QUEUE_BACKEND_TYPE with different values are an error.' },
  'config:problems:all': { says: 'Every problem of the configuration is reported at once.' },
  'config:file:places': { says: 'The configuration file is never looked for in the working directory.' },
  'config:file:unknown': {
    says: 'Unknown tables and keys of the configuration file are errors with the nearest name.',
  },
  'config:file:toml': {
    says: 'A file that is not TOML is refused with the line, and without quoting it.',
  },
  'config:auth:none': { says: 'MCP_AUTH=none is refused beyond loopback addresses and names.' },
  'config:token:vectors': { says: 'Derived tokens are base64url(HMAC-SHA256(key, label)).' },
  'config:token:configured': { says: 'With configured tokens, no derived one is accepted.' },
  'config:secrecy': { says: 'No secret is in any text about the configuration, taken or refused.' },
  'http:https': {
    says: 'With SERVER_REQUIRE_HTTPS nothing but probes is answered that came to a trusted proxy over plain HTTP.',
  },
  'reload:atomic': {
    says: 'A reload replaces everything at once: no request is judged by half of each configuration, and none in flight is lost.',
  },
  'reload:refused': {
    says: 'A configuration that cannot be used leaves the one before in effect, and the log names every problem.',
  },
  'reload:options': { says: 'Every option that is marked as reloadable takes effect at a reload.' },
  'reload:revoked': { says: 'What a token opened ends with the reload that takes the token away.' },
  'reload:signal': {
    says: 'SIGHUP reloads the configuration of serve; a hang-up of its terminal ends it.',
  },
  'config:schema': { says: 'The JSON Schema of the configuration file has every option.' },
  'binary:no-autoload': {
    says: 'The binary runs no code and reads no option of the directory it is started in (T40)',
  },
  'release:repeatable': {
    says: 'Made twice, in two folders, every file of a release is the same bytes.',
    shownBy: 'scripts/package-check.ts',
  },
  'release:installs': {
    says: 'Archive, .deb, npm package and MCPB bundle install and run as their users would do it.',
    shownBy: 'scripts/package-check.ts',
  },
  'release:inspected': {
    says: 'No binary is released whose headers say that it would not run on its target.',
  },
  'release:archives': {
    says: 'An archive is the same bytes whatever the time zone of the machine that makes it.',
  },
  'release:licences': { says: 'No package goes into a release without the text of its licence.' },
  'release:registry': { says: 'server.json is made only where a repository is configured (D20).' },
  'release:no-invented-url': {
    says: 'Where no repository is configured, no file of a release names one (D20).',
  },
  'cli:default-command': { says: 'Bare flags run serve without naming it.' },
  'cli:unknown-command': { says: 'An unknown command is refused with the nearest name.' },
  'cli:unknown-flag': { says: 'An unknown flag is refused with the nearest name.' },
  'cli:secret-flag': { says: 'Secrets have no flag, and a refused one is not repeated.' },
  'cli:version': {
    says: 'The binary says its version, commit, the day of the commit, and the target it was made for.',
  },
  'cli:usage': { says: 'A command line that means nothing is one line on stderr and exit code 2.' },
  'cli:one-line': { says: 'An unexpected failure of a command is one line without a stack, exit code 1.' },
  'cli:config-check': { says: 'config check exits 0, or 78 with every problem.' },
  'cli:config-show': {
    says: 'config show prints every value masked and with its origin, also when invalid.',
  },
  'cli:token': { says: 'token prints the bearer token of MCP, or of the admin routes.' },
  'cli:generate': { says: 'generate prints deployment files for the public URL and image it is told.' },
  'deploy:options-exist': { says: 'Every variable that a generated file names is an option.' },
  'deploy:metrics-exist': { says: 'Alert rules and dashboard use only metrics that exist.' },
  'deploy:proxies': {
    says: 'The proxies of the guide publish what Slack and MCP clients need, and nothing else.',
  },
  'deploy:alerts-fire': { says: 'Each alert fires on the day that it is for, and none on a good one.' },
  'cli:completions': {
    says: 'generate completions prints scripts by which bash, zsh and fish complete commands, flags and values.',
  },
  'cli:sd-notify': {
    says: 'serve tells systemd when it is ready, when it stops, and that its event loop turns.',
  },
  'cli:healthcheck': { says: 'healthcheck exits 0 where the local server is well, else 1.' },
  'cli:help:examples': { says: 'Help of every command leads with examples.' },
  'cli:help:options': { says: 'Every option of the table is in the help of serve.' },
  'docs:generated': { says: 'Generated documents are what the tables say.' },
  'mcp:conformance:2025-11-25': {
    says: 'The official conformance suite passes all 30 scored scenarios of revision 2025-11-25',
  },
  'mcp:conformance:2026-07-28': {
    says: 'The official conformance suite passes all 37 scored scenarios of revision 2026-07-28',
  },
  'cli:exit-codes': { says: 'The process ends with the exit code of its command.' },
  'cli:broken-pipe': { says: 'A reader of stdout that went away ends a command quietly.' },
  'cli:full-disk': { says: 'Where the output cannot be written, a command says so and ends with 1.' },
  'cli:unreadable': { says: 'A file that a command may not read is named in one line, exit code 78.' },
  'cli:read-only': {
    says: 'Where a command may not write, it says so in one line and leaves everything as it was.',
  },
  'cli:unavailable': {
    says: 'Where Slack or the server does not answer, a command says so in one line and ends with 69.',
  },
  'cli:interrupted': { says: 'Ctrl-C ends a command that waits, with exit code 130.' },
  'cli:file-size': { says: 'Files of configuration and secrets are read up to 1 MiB.' },
  'webhook:command:stored': { says: 'A slash command is stored like an event and answered at once.' },
  'webhook:interaction:stored': {
    says: 'An interaction is stored like an event under its type and answered at once.',
  },
  'webhook:form:dedupe': { says: 'Commands and interactions are deduplicated by their signature.' },
  'webhook:ssl-check': {
    says: 'An unsigned certificate check gets an empty 200 and nothing else of it is used.',
  },
  'supply:safe-versions': { says: 'No dependency is locked below its first safe version (T41)' },
  'mcp:stdio:legacy': { says: 'A client of the revisions up to 2025-11-25 is served over stdio' },
  'mcp:stdio:modern': { says: 'A client of either era is served over stdio, whichever it opens with' },
  'queue:memory:no-subscriber': {
    says: 'While no group exists, memory keeps the newest events, drops the oldest and counts them.',
  },
  'queue:memory:dedupe-bound': {
    says: 'Memory remembers the newest 100,000 ids or 26 hours; early eviction is counted.',
  },
  'queue:publish:deadline': { says: 'A publish ends within 2.5 seconds, also while the store hangs.' },
  'queue:publish:breaker': {
    says: "The queue's breaker opens after five failures and half-opens by its own ping every second.",
  },
  'queue:watch:fill': { says: 'At 80 % of a bound the queue warns once and shows it as a metric.' },
  'queue:options': { says: 'The options of the queue hold for every backend that they name.' },
  'queue:watch:idle-group': { says: 'A group idle for 7 days is named in log, health and metric.' },
  'http:edge:host:raw': { says: 'A request without exactly one valid Host reaches no route (T1)' },
  'http:edge:path:raw': { says: 'Over the wire too, a route is reached by its literal path alone (T10)' },
  'http:edge:framing': { says: 'A request with ambiguous framing ends its connection (T8)' },
  'http:edge:chunks': { says: 'An event with malformed chunks is not stored (T8)' },
  'http:edge:header-bombs': { says: 'At most 100 headers of 16 KiB together are read (T7)' },
  'http:body:stalled': {
    says: 'A thousand stalled bodies stay under 300 MB while signed events go on being taken (T6)',
  },
  'demo:tour': {
    says: 'demo --once walks through both halves and exits 0 only if every step holds.',
  },
  'demo:run': {
    says: 'demo runs until Ctrl-C, prints a configuration that works and shows events as they are consumed.',
  },
  'demo:isolated': {
    says: 'Nothing of the environment or configuration files reaches the demo but where it listens and what it logs.',
  },
  'mcp:auth:none-on-loopback': {
    says: 'MCP without credentials is served on loopback only, and never behind a proxy.',
  },
  'mcp:auth:slack': {
    says: "Slack's own MCP client comes in by its signature, for users of the token's workspace.",
  },
  'tools:broadcast': {
    says: 'Mentions of many people are refused in every spelling unless the operator allows them.',
  },
  'tools:lines': { says: 'No Slack text or name can forge a line of what a model reads.' },
  'tools:injection': { says: 'Texts that give orders stay inside the untrusted content.' },
  'tools:unfurl': { says: 'No write lets Slack open links or fetch images unless the operator allows it.' },
  'tools:hidden-authors': {
    says: 'What bots or people of other workspaces wrote is kept from models where the operator says so, and counted.',
  },
  'tools:search:withheld': {
    says: 'Search tells nobody how much it found in channels that may not be read.',
  },
  'tools:policy': {
    says: 'One policy decides which channels tools, resources, prompts, completions and search may reach.',
  },
  'tools:policy:write': { says: 'No write tool reaches Slack for a channel that may not be written to.' },
  'tools:read-only': { says: 'In read-only mode no write tool makes a call to Slack.' },
  'tools:confirm:refused': {
    says: 'The user is not asked about a call that is refused whatever the answer.',
  },
  'tools:confirm': {
    says: 'With confirmation, destructive tools ask first and are refused where nobody can be asked.',
  },
  'tools:audit': { says: 'Every write leaves one audit line with its outcome and without its content.' },
  'tools:dry-run': { says: 'A dry run of every write shows the calls and makes none.' },
  'tools:idempotency': { says: 'The same idempotency key sends once within 24 hours.' },
  'tools:idempotency:shared': {
    says: 'With Redis one idempotency key sends once among all replicas, also when they are asked at once.',
  },
  'tools:idempotency:redis-away': {
    says: 'While Redis is away a call with an idempotency key is refused and sends nothing; others go on.',
  },
  'tools:items': { says: 'A call of several items reports every one and goes on after one that failed.' },
  'tools:errors': { says: 'Every documented refusal of Slack comes back with its code and what to do.' },
  'tools:paging': { says: 'Every listing can be read to its end by the call that its last line names.' },
  'tools:cancel': { says: 'Every tool stops with its caller in the middle of a call.' },
  'tools:snapshots': { says: 'The schema of every tool is the recorded one.' },
  'tools:bytes': { says: 'The lists of tools stay within their byte budgets.' },
  'tools:bytes:messages': { says: "Fifty messages as text cost at most 45 % of Slack's JSON." },
  'tools:calls': { says: 'Reading 100 messages of 30 people costs 31 Slack calls cold and 1 warm.' },
  'tools:calls:declared': { says: 'Every tool makes the Slack calls that it declares, and no others.' },
  'tools:resident': { says: 'The first read by name in a big workspace costs the memory of no crawl' },
  'tools:start': { says: 'Making and listing the offer costs no Slack call.' },
  'tools:scopes': { says: 'Tools whose scopes the token lacks leave the list, and listeners hear of it.' },
  'tools:selection': { says: 'An unknown toolset or tool is refused with the nearest name.' },
  'tools:names': { says: 'Look-ups by name are lazy, bounded in pages, shared and kept fresh by events.' },
  'tools:files': { says: "Files are read and sent only at Slack's file host, within size limits." },
  'tools:docs': { says: 'The page of tools is what the table of tools says.' },
  'mcp:auth:every-route': {
    says: 'Every MCP and REST route refuses every kind of missing or wrong credential, Host and Origin, whatever the method',
  },
  'mcp:auth:says-what-to-do': { says: 'A 401 of MCP says what to send and where to get it' },
  'mcp:body:size': { says: 'MCP takes bodies of up to 4 MiB, declared or not' },
  'mcp:body:nesting': { says: 'MCP refuses bodies nested deeper than 36' },
  'mcp:body:refused': {
    says: 'Every body that is no message is refused with the status and code that say why',
  },
  'mcp:batch': {
    says: 'Batches are taken up to revision 2025-03-26, and refused since 2025-06-18 removed them',
  },
  'mcp:limit:principal': { says: 'Requests are limited by principal' },
  'tools:told-of-waits': {
    says: "The client's log tells of waits for limits of Slack, once they take a second.",
  },
  'mcp:limit:tool': { says: 'Calls are limited by tool and principal, each pair by itself' },
  'mcp:session:principal': { says: 'A session belongs to the principal that opened it (T18)' },
  'mcp:session:transport': { says: 'A session of one transport cannot be used through another' },
  'mcp:session:in-flight': { says: 'A session may wait for a bounded number of answers (T20)' },
  'mcp:session:resume': { says: 'A lost connection is resumed by Last-Event-ID, within the session' },
  'mcp:session:cap': { says: 'Sessions are capped, whatever one principal does (T20)' },
  'mcp:session:expiry': { says: 'Idle sessions expire (T20)' },
  'mcp:crossing': { says: 'No answer reaches another client (T19)' },
  'cli:token:forward': { says: 'token --forward prints what forwarded events are signed with.' },
  'forward:target': {
    says: 'FORWARD_URL is https to a host name, or loopback, or allowed by FORWARD_PRIVATE_NETWORK (T24).',
  },
  'forward:secret': { says: 'Forwarded events are never signed with the signing secret.' },
  'forward:bytes': {
    says: "Forwarded events are the exact bytes with Slack's headers, as Slack's own verifier takes them.",
  },
  'forward:filter': { says: 'Only the events of FORWARD_EVENTS are sent; the others are acknowledged.' },
  'forward:retry': {
    says: 'A delivery that fails is tried again, over hours; then it is a dead letter with its reason.',
  },
  'forward:redirect': { says: 'A redirect is not followed (T26).' },
  'forward:breaker': {
    says: 'After five failures the endpoint is left alone for 30 s, then asked by one delivery; waiting costs no try.',
  },
  'forward:gone': { says: '410 pauses forwarding, in log, metric and health; the events wait in the queue.' },
  'forward:untried': { says: 'A delivery that waited for the breaker, or that a stop cut, costs no try.' },
  'forward:resume': {
    says: 'events forward resume, or the admin route, goes on after 410 without a restart; health and metric show it.',
  },
  'forward:stop': { says: 'A stop lets deliveries under way finish, until its deadline.' },
  'mcp:stream:slow-reader': { says: 'A client that never reads costs a bounded amount and is dropped' },
  'mcp:stream:first-byte': { says: 'Streams show their first bytes at once' },
  'mcp:cancel:disconnect': {
    says: 'Closing a stream cancels the call where the revision says so, and only there',
  },
  'mcp:clients': {
    says: "Both SDKs' clients list, call and read, over every HTTP transport and in every mode",
  },
  'mcp:clients:elicit': { says: 'A tool can ask the user through clients of either era' },
  'mcp:rounds': { says: 'A call of revision 2026-07-28 asks the user in rounds' },
  'mcp:rounds:bound': {
    says: 'An answer given for one call counts for no other call and no other principal',
  },
  'mcp:rounds:replicas': { says: 'Replicas with the same key continue calls of each other' },
  'mcp:listen': { says: 'subscriptions/listen hears of changes that its principal may hear of' },
  'mcp:subscribe:whole': {
    says: 'A signed event reaches the subscribers of its channel, as long as they may read it',
  },
  'mcp:completion:bound': { says: 'A completion tells at most 100 values, and whether there are more' },
  'mcp:listen:cap': { says: 'Streams that listen are capped per principal and in total' },
  'mcp:listen:stop': { says: 'Streams that listen end with their result when the server stops' },
  'mcp:modern:errors': {
    says: 'Refusals of revision 2026-07-28 carry the unified error beside what the protocol demands',
  },
  'mcp:modern:method': { says: 'Revision 2026-07-28 has nothing to GET or DELETE: 405 with Allow: POST' },
  'mcp:policy:token': { says: 'The policy of a token holds in lists and in calls (T22)' },
  'queue:sqlite:process': {
    says: 'The compiled server keeps what it acknowledged through kill -9, and one server owns a state directory.',
  },
  'mcp:stateless': { says: 'Without sessions every POST of the old revisions stands alone, for any replica' },
  'mcp:cors:any': { says: 'Pages of every origin may be let in: with a token, and never to admin routes.' },
  'mcp:version:measured': { says: 'Metrics and traces name the revision that the client speaks.' },
  'mcp:stateless:sse': { says: 'Where there are no sessions, legacy SSE says where streamable HTTP is' },
  'mcp:rest': { says: 'The REST facade answers the MCP result, as its schemas say (D2)' },
  'mcp:rest:errors': { says: 'A failed tool answers over REST with its status and the unified error (D2)' },
  'mcp:sse:endpoint': { says: 'The endpoint event carries the path as clients see it' },
  'mcp:stop': { says: 'A stopping server finishes calls in flight and ends its streams (F25)' },
  'mcp:stop:deadline': {
    says: 'Stopping takes no longer than its deadline, and leaves nobody without an answer',
  },
  'mcp:auth:slack:replay': { says: 'A signature of Slack seen again may not write' },
  'mcp:tools:changed': { says: 'Tools that come or go are announced' },
  'queue:sqlite:modes': { says: 'The state folder is 0700, its files 0600.' },
  'queue:sqlite:one-server': { says: 'One server per state directory; the second is told the pid.' },
  'server:stop:half-sent': {
    says: 'A sender that stops in the middle of a body holds up no stop, nor makes it unclean (F25).',
  },
  'server:fault': {
    says: 'At an error that nobody caught the server says so once, drains and ends as failed (F27); an embedding process keeps its own policy.',
  },
  'server:fault:note': {
    says: 'Every error that nobody caught is counted; the first is logged, with a correlation id of its own (F27).',
  },
  'e2e:file-size-limit': { says: 'A limit on the size of files costs events 503 and nothing else (F15).' },
  'e2e:state-directory': {
    says: 'With each backend and each fault of its state directory the server starts as promised, or ends with 78, one line and nothing changed (F17).',
  },
  'server:stop:redis-frozen': {
    says: 'A stop while Redis answers nothing ends within its deadline, and nothing acknowledged is lost (F25).',
  },
  'server:memory:limit': {
    says: 'The memory limit is that of the control group, of either version; without one nothing is shed (F29).',
  },
  'server:memory:shed': {
    says: 'From 80 % of the memory limit on MCP requests are refused until it is down to 70 %; events are taken and probes answered (F29).',
  },
  'server:memory:soak': {
    says: 'What a server under steady load holds does not grow with the number of requests (F29).',
  },
  'server:pause': { says: 'A server that was stopped for a while goes on as before (F28).' },
  'queue:sqlite:upgrade': { says: 'A file of an earlier release keeps everything it holds.' },
  'queue:sqlite:newer-schema': { says: 'A file written by a newer release is refused and not touched.' },
  'queue:sqlite:moved-aside': {
    says: 'An unreadable file is moved aside, not deleted, and a new one begins.',
  },
  'queue:sqlite:quarantine': { says: 'A row whose checksum does not match is set aside and counted.' },
  'queue:sqlite:group-commit': { says: 'Publishes that wait share one transaction.' },
  'queue:sqlite:retention': { says: 'Retention never removes what a group has not acknowledged.' },
  'queue:sqlite:hung-writer': { says: 'A commit that hangs costs 503 at the deadline.' },
  'queue:retry-storm': { says: 'Slack sending everything four times after an outage stores it once (F31).' },
  'queue:dedupe:apart': { says: 'Ids are remembered in records of their own, whatever retention removed.' },
  'mcp:cancel:stream': { says: 'The stream of a cancelled request ends, and its id can be used again' },
  'mcp:stdio:lines': { says: 'One bad line does not end a stdio session (T16)' },
  'mcp:stdio:eof': { says: 'stdio ends with its input, after the last answers' },
  'mcp:stdio:in-flight': { says: 'A stdio session may wait for a bounded number of answers' },
  'queue:sqlite:kill': { says: 'kill -9 at any moment loses nothing acknowledged and doubles nothing.' },
  'mcp:conformance:product': {
    says: 'The compiled product fails only those conformance scenarios that ask for tools of the suite',
  },
  'cli:manifest': { says: 'manifest prints what the Slack app needs for the enabled tools and events.' },
  'cli:manifest:schema': { says: "The manifest keeps to Slack's published schema, whatever is switched on." },
  'cli:tools-scopes': {
    says: 'tools scopes says what each tool needs, what the token lacks, and how to get it.',
  },
  'cli:call-failures': {
    says: 'Commands end with 77 where Slack refuses the token, 69 where nothing answers.',
  },
  'queue:sqlite:slow-disk': {
    says: 'A slow sync costs 503 at the deadline; the event loop does not notice.',
  },
  'queue:sqlite:broken-disk': {
    says: 'EIO refuses events; the queue reopens its file and recovers by itself.',
  },
  'queue:sqlite:synced': { says: 'Nothing is acknowledged before it is synced.' },
  'queue:sqlite:full-disk': { says: 'A full disk refuses events, loses none, and recovers by itself.' },
  'queue:sqlite:killer-event': {
    says: 'An event that ends the process is buried, and its neighbours are not.',
  },
  'admin:auth': {
    says: 'Admin routes take the admin token and no other: an MCP token gets 403, nothing 401.',
  },
  'admin:events': { says: 'Operators list, filter and show the kept events.' },
  'admin:groups': { says: 'Operators list groups and forget one.' },
  'admin:purge': { says: 'Operators purge old events; by default only what would go is said.' },
  'admin:dead': {
    says: 'Operators list, replay and remove dead letters, by id, filter or all; dry by default.',
  },
  'admin:consume': { says: 'A consumer takes events of a group over HTTP and settles each.' },
  'admin:port': { says: 'With ADMIN_PORT, admin, metrics and docs are on that listener alone.' },
  'mcp:stream:idle': { says: 'Idle time-outs close senders that stall, and no stream' },
  'cli:tools-call': {
    says: 'tools call runs a tool on the path of MCP calls, with exit codes that say what failed.',
  },
  'cli:tools-call:arguments': { says: 'Values of tools call are read by the schema of the tool.' },
  'cli:tools-call:terminal': { says: 'What Slack says cannot steer the terminal that tools call prints on.' },
  'cli:tools-describe': {
    says: 'tools describe says what a tool does, takes and needs, with a line that calls it.',
  },
  'mcp:start:lazy': { says: 'The SDKs are loaded when the first MCP client is let in, not at start' },
  'cli:doctor': {
    says: 'doctor looks at configuration, Slack, events, queue, MCP and host, and says how to fix what is wrong.',
  },
  'cli:doctor:slack': { says: 'doctor names the scopes that each toolset lacks, and a clock that is off.' },
  'cli:doctor:events': {
    says: 'doctor signs, forges and delays a handshake, and says which of the answers is wrong.',
  },
  'cli:doctor:queue': {
    says: "doctor's round trip through the queue leaves nothing behind, and names what that may lose, or why it fails.",
  },
  'cli:doctor:host': { says: 'doctor tells a port that is taken from one that such a server uses.' },
  'cli:doctor:modes': { says: 'doctor warns of files with secrets that others can read.' },
  'cli:files:atomic': {
    says: 'A file that a command writes is the old one or the new one, whatever happens between.',
  },
  'cli:keyboard:hidden': {
    says: 'What is typed hidden is never shown, and the terminal is as it was afterwards.',
  },
  'queue:redis:down-at-start': {
    says: 'A Redis that is down or hangs at start is waited for; the server starts.',
  },
  'queue:redis:outage': {
    says: 'An outage of Redis loses nothing acknowledged, and consumers go on where they were.',
  },
  'queue:redis:reconnects': { says: 'The Redis connection is made again for ever, at most 2 seconds apart.' },
  'queue:redis:no-offline-queue': {
    says: 'While Redis is away commands fail at once, and none of them is carried out later.',
  },
  'queue:redis:hung': { says: 'A Redis that hangs costs a command one second and its connection.' },
  'queue:redis:lost-reply': { says: 'What Redis did although its reply was lost is not done twice.' },
  'queue:redis:empty': { says: 'A Redis that comes back empty takes events again; groups are formed anew.' },
  'queue:redis:refusals': {
    says: 'What Redis refuses is refused to Slack with its reason, and is over by itself when Redis is well.',
  },
  'queue:redis:group-deleted': { says: 'A deleted stream or group is formed anew at the beginning.' },
  'queue:redis:blocked-read': { says: 'A blocked read holds up nothing, and one that hangs is given up.' },
  'queue:redis:dead-consumer': {
    says: 'What a dead consumer left behind is claimed after a minute, buried after too many such deaths, and a living one keeps its own.',
  },
  'queue:redis:one-copy': { says: 'Replicas keep one copy of an event that is delivered to all of them.' },
  'queue:redis:shared-group': {
    says: 'Replicas share the events of a group, and hand over what one has not begun.',
  },
  'queue:redis:rights': { says: 'The documented rights of a Redis user are enough, and end at the topic.' },
  'queue:redis:problems': { says: 'Why Redis cannot be used is said in words that tell the causes apart.' },
  'queue:redis:wrong-kind': { says: 'A Sentinel, a Cluster and a Redis before 7 are refused by name.' },
  'queue:redis:tls': { says: 'Redis over TLS is verified against the authority and the host name.' },
  'queue:redis:layout': {
    says: 'The stream is read without our code, and all of a topic lies in its hash slot.',
  },
  'queue:redis:bytes': { says: 'Redis has the exact bytes of an event.' },
  'queue:redis:foreign-entry': {
    says: 'An entry that somebody else wrote goes to the dead letters and harms nobody.',
  },
  'queue:redis:retention': {
    says: 'Redis keeps what a group of any language has not acknowledged, and acknowledged events for a day.',
  },
  'queue:redis:consumers': { says: 'The documented consumers of other languages work as they stand there.' },
  'queue:spool:outage': {
    says: 'With a state directory events are taken while Redis is away, over restarts too, and handed on in order.',
  },
  'queue:spool:frozen': { says: 'With a state directory a frozen Redis does not slow acknowledging.' },
  'queue:spool:durable': {
    says: 'An event leaves the spool when Redis has had it for 2 seconds in one run, and is sent again otherwise; one copy is kept.',
  },
  'queue:spool:kill': {
    says: 'kill -9 of the server and of Redis at any moment loses nothing acknowledged and doubles nothing.',
  },
  'queue:spool:held-up': { says: 'While Redis is full events stay in the spool.' },
  'queue:spool:disk': {
    says: 'While the disk fails events go to Redis directly; where both fail they are refused.',
  },
  'queue:spool:bound': {
    says: 'The bound holds for Redis and the spool together, and for the spool alone while Redis is away.',
  },
  'cli:mcp-install': {
    says: 'mcp install shows the change, asks, keeps the old file and writes; a second time changes nothing.',
  },
  'cli:mcp-install:no-token': { says: "mcp install never puts a token into a client's file." },
  'cli:mcp-install:careful': {
    says: 'A file that mcp install does not understand is left as it is, with what to add by hand.',
  },
  'queue:sqlite:salvage': { says: 'Damaged pages cost the events on them; everything else is rescued.' },
  'cli:events': { says: 'events tail, show and stats print JSON lines for programs and tables for people.' },
  'cli:events:groups': { says: 'events groups lists groups and removes one.' },
  'cli:events:dead': {
    says: 'events dead lists, shows, replays and purges; it changes nothing without --yes.',
  },
  'cli:events:purge': { says: 'events purge --before removes old events; it changes nothing without --yes.' },
  'cli:events:tail': { says: 'events tail follows what comes until Ctrl-C.' },
  'cli:events:server': { says: 'Commands ask the server of their configuration, or that of --url.' },
  'cli:events:offline': {
    says: 'Without a server, commands look at SQLite or Redis themselves, and say so.',
  },
  'cli:trigger': { says: "trigger sends made-up events, signed like Slack's." },
  'cli:init': {
    says: 'init walks through the Slack app, checks the tokens and writes a configuration that only its owner can read.',
  },
  'cli:init:careful': {
    says: 'init never overwrites without asking, and writes nothing when it is given up.',
  },
  'cli:init:no-terminal': { says: 'init says what to do instead where nobody can be asked.' },
  'mcp:changes:resources': {
    says: 'An event is news of the resources that it changed, by id and by known name.',
  },
  'mcp:changes:hidden': { says: 'Subscribers hear nothing of a channel whose rights cannot be told.' },
  'cli:init:terminal': {
    says: 'On a real terminal init shows no secret, ends with 130 on Ctrl-C, and leaves the terminal as it was.',
  },
  'cli:consume': { says: 'consume writes each event as a line of JSON and acknowledges it.' },
  'cli:consume:command': {
    says: 'consume runs a command per event, without a shell, the bytes on its standard input; 0 acknowledges.',
  },
  'cli:consume:stop': { says: 'Ctrl-C lets a running command finish; a second one ends it.' },
  'cli:consume:redis': { says: 'consume and events work on Redis without a server.' },
  'e2e:events': { says: 'The binary triggers, shows and follows events of a running server.' },
  'e2e:events:admin-port': { says: 'The binary keeps operators to ADMIN_PORT, on loopback.' },
  'e2e:consume': { says: 'The binary runs a real command per event, and again where it fails.' },
  'e2e:consume:crash': { says: 'A killed consumer loses nothing: its event goes to another.' },
  'e2e:consume:pipe': { says: 'consume ends quietly at a broken pipe, and holds up no drain.' },
  'http:edge:requests-max': { says: 'Beyond 4,096 requests at once the edge sends away what comes.' },
  'tools:policy:slack-user': {
    says: "Slack's own client, which acts for a person with the bot's token, reaches what that person is a member of, and public channels where they are no guest.",
  },
  'tools:policy:slack-user:whole': {
    says: "Signed requests of Slack's own client read, and hear of, a private channel for its members alone.",
  },
  'mcp:stop:hurried': { says: 'A stop that is hurried aborts the calls it waits for, and answers them.' },
  'mcp:icon': { says: 'The server has one icon, told where it introduces itself; tools have none.' },
  'mcp:progress': {
    says: 'Whoever asks for progress hears of growing numbers, no more than a person can read, and of none after the result.',
  },
  'tools:progress': {
    says: 'What takes several pages, people or steps says how far it is and what it is at.',
  },
  'slack:membership:cache': {
    says: 'Which closed conversations a person shares with the bot is asked once a person, and believed for a bounded time.',
  },
  'slack:membership:closed': { says: 'A look-up of memberships that fails is no membership.' },
  'slack:membership:guest': {
    says: 'A guest, and whoever Slack does not call a full member, is not believed to see public channels.',
  },
  'slack:membership:events': { says: 'Events of joining and leaving take effect at once.' },
  'traces:context': {
    says: 'A trace context from outside is taken exactly as W3C writes it, or not at all.',
  },
  'traces:event': { says: 'An event is one trace from the webhook to every consumer, through every queue.' },
  'traces:mcp': {
    says: 'An MCP call goes on from traceparent in its _meta, else from that of its request; Slack calls are below it.',
  },
  'traces:slack': {
    says: 'The span of a Slack call says method, error and repetitions, never what was sent.',
  },
  'traces:forward': { says: 'A delivery carries the traceparent of its own span.' },
  'traces:off': { says: 'Without a collector or a tracer nothing of tracing is loaded, sent or kept.' },
  'traces:collector': { says: 'A collector that is away or hangs costs a warning and a metric, no time.' },
  'traces:secrecy': { says: 'No message text, token or name made up by a caller is in a span.' },
  'traces:logs': { says: 'Log lines of what is traced carry trace_id and span_id.' },
  'traces:embedder': { says: 'Whoever embeds the server may bring a tracer.' },
  'traces:config': { says: "OpenTelemetry's own variables configure tracing." },
  'e2e:traces': { says: 'The binary traces an event to its consumer and an MCP call to Slack.' },
  'e2e:secrecy': {
    says: 'No secret of the configuration is in any output of the binary, answer of the server or page that it serves.',
  },
  'docs:links': { says: 'Every relative link and anchor in the documents resolves.' },
  'docs:readme': { says: 'Every command of the README does what the README says.' },
}
