// Runs before every test file: the environment of the developer must not reach the product under test.
for (const name of Object.keys(process.env)) {
  if (
    /^(SLACK_|MCP_|QUEUE_|REDIS_URL$|STATE_DIR|HOST$|PORT$|LOG_|ADMIN_|PUBLIC_URL$|ALLOWED_HOSTS$|CREDENTIALS_DIRECTORY$)/.test(
      name,
    )
  ) {
    if (name !== 'SLACK_CORPUS_DIR') delete process.env[name]
  }
}
