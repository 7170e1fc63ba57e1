# Other mock servers, in the versions that docs/mock-mc-fidelity.md speaks of. To be sourced.
WIREMOCK=3.13.1
MOCKSERVER=5.15.0
TOXIPROXY=v2.5.0
MOUNTEBANK=2.9.1

# fetch_peers FOLDER: puts them there, unless they are there, and sets $peers to its full path.
# Needs mvn, npm and go.
fetch_peers() {
  mkdir -p "$1/mb"
  peers=$(cd "$1" && pwd)
  fetch_jar org.wiremock:wiremock-standalone:$WIREMOCK
  fetch_jar org.mock-server:mockserver-netty-no-dependencies:$MOCKSERVER
  [ -x "$peers/mb/node_modules/.bin/mb" ] ||
    npm install --silent --prefix "$peers/mb" mountebank@$MOUNTEBANK >/dev/null
  [ -x "$peers/toxiproxy" ] || {
    GOBIN="$peers" go install github.com/Shopify/toxiproxy/v2/cmd/server@$TOXIPROXY
    mv "$peers/server" "$peers/toxiproxy"
  }
}

# fetch_jar GROUP:ARTIFACT:VERSION
fetch_jar() {
  name=$(echo "$1" | cut -d: -f2)-$(echo "$1" | cut -d: -f3).jar
  [ -f "$peers/$name" ] || mvn -q dependency:copy -Dartifact="$1" -DoutputDirectory="$peers"
}
