// Loaded into peers that know no other address than slack.com: what they fetch from there goes to the double at SLACK_DOUBLE.
const slack = 'https://slack.com/api/'
const { fetch } = globalThis
globalThis.fetch = (url, init) => fetch(String(url).replace(slack, process.env.SLACK_DOUBLE), init)
