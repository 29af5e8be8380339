import type { Template } from './deployment.ts'
import { envOf } from './option-setting.ts'

/** heroku.yml: the container of this repository, told by config vars. */
export const renderHerokuFile: Template = () => `# heroku.yml
#
#   heroku create && heroku stack:set container
#   heroku config:set ${envOf('slackBotToken')}=xoxb-… ${envOf('slackSigningSecret')}=…
#   heroku config:set ${envOf('queueBackendType')}=redis ${envOf('redisUrl')}=rediss://…
#   git push heroku main
#
# A dyno restarts every day and forgets its files: without the third line the events that nobody has consumed by then are lost.
# The server listens on ${envOf('port')}, which Heroku sets; the image sets ${envOf('host')}, and its command runs as it is.
build:
  docker:
    web: Dockerfile.distroless
`
