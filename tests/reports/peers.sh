# Puts what the checks of reports need from the registries into build/peers; nothing of it is part of
# what we ship. To be sourced from the top of the tree.
peers=$PWD/build/peers
mkdir -p "$peers"

need_npm() { # PACKAGE@VERSION...
  [ -f "$peers/.npm-$(echo "$@" | sha256sum | cut -c1-16)" ] && return
  (cd "$peers" && { [ -f package.json ] || npm init -y >/dev/null; } &&
    npm install --no-audit --no-fund --ignore-scripts --loglevel=error "$@") &&
    touch "$peers/.npm-$(echo "$@" | sha256sum | cut -c1-16)"
}

need_python() { # PACKAGE==VERSION...
  local mark
  mark=$peers/.py-$(echo "$@" | sha256sum | cut -c1-16)
  [ -f "$mark" ] && return
  { [ -x "$peers/python/bin/python" ] || python3 -m venv "$peers/python"; } &&
    "$peers/python/bin/pip" install --quiet --disable-pip-version-check "$@" && touch "$mark"
}
