# Sourced by the scripts beside it, which set `root`. POSIX sh: a machine with only Node and npm has nothing better.
# get_bun sets `bun` to the Bun that package.json pins; install_dependencies makes node_modules what bun.lock says.
# Everything they say goes to stderr: stdout belongs to the command that is run, which may speak JSON-RPC there.

version=$(sed -n 's/.*"packageManager": *"bun@\([^"]*\)".*/\1/p' "$root/package.json")

is_pinned_bun() {
  [ "$("$1" --version 2>/dev/null)" = "$version" ]
}

get_bun() {
  bun=$(command -v bun || true)
  if [ -n "$bun" ] && is_pinned_bun "$bun"; then return; fi
  bun=$root/.cache/bun/$version/bun
  if is_pinned_bun "$bun"; then return; fi
  if ! command -v npm >/dev/null; then
    echo "This needs Bun $version, or npm to get it with; neither is on the PATH." >&2
    exit 69
  fi
  echo "Getting Bun $version from npm into .cache/bun (once)" >&2
  # Into a folder of its own first: a run that is interrupted leaves nothing half done, and two runs at once do not meet.
  parts=$root/.cache/bun/parts.$$
  rm -rf "$parts" && mkdir -p "$parts"
  trap 'rm -rf "$parts"' EXIT
  trap 'exit 130' INT TERM
  npm install --prefix "$parts" --no-save --no-audit --no-fund --loglevel=error "bun@$version" >&2
  binary=$(installed_bun "$parts/node_modules")
  mkdir -p "$(dirname "$bun")"
  mv "$binary" "$bun"
  rm -rf "$parts"
  trap - EXIT INT TERM
}

# npm may have been told not to run install scripts; then bun.exe is a text that says so, until the script is run by hand. Where even that fails
# (a Node that is too old), the binary still lies in the package of the platform.
installed_bun() {
  for candidate in "$1/bun/bin/bun.exe" "$1"/@oven/bun-*/bin/bun; do
    if [ -f "$candidate" ] && is_pinned_bun "$candidate"; then
      echo "$candidate"
      return
    fi
    if [ "$candidate" = "$1/bun/bin/bun.exe" ] && node "$1/bun/install.js" >&2 && is_pinned_bun "$candidate"; then
      echo "$candidate"
      return
    fi
  done
  echo "npm installed no Bun $version that runs on this machine ($(uname -sm))." >&2
  exit 69
}

# The first time takes a while and says so; afterwards only trouble is worth a line. Without the summary, which lists what is meant: that no
# package runs a script while it is installed (trustedDependencies in package.json).
install_dependencies() {
  if [ ! -d "$root/node_modules" ]; then
    echo "Installing the packages of bun.lock (once)" >&2
    "$bun" install --cwd "$root" --frozen-lockfile --no-summary >&2
    return
  fi
  if ! said=$("$bun" install --cwd "$root" --frozen-lockfile 2>&1); then
    echo "$said" >&2
    exit 1
  fi
}
