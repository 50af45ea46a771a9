package salesforcesim

import (
	"net/http"
	"strconv"
	"strings"
)

// The versions that the org serves. 21.0 to 30.0 are retired, developer.salesforce.com "API End-of-Life Policy".
const (
	oldestVersion = 31
	newestVersion = 67
	firstRetired  = 7
)

// maxURIBytes is the bound on a request's URI with its headers, KB 000386264.
const maxURIBytes = 16_384

type versionKind uint8

const (
	versionUnknown versionKind = iota
	versionRetired
	versionLive
)

// versionState says what a version such as "66.0" is.
func versionState(version string) versionKind {
	whole, ok := strings.CutSuffix(version, ".0")
	n, err := strconv.Atoi(whole)
	switch {
	case !ok || err != nil || n < firstRetired || n > newestVersion:
		return versionUnknown
	case n < oldestVersion:
		return versionRetired
	}
	return versionLive
}

func (o *Org) serve(w http.ResponseWriter, r *http.Request) {
	o.traffic.enter()
	defer o.traffic.leave()
	// Salesforce takes more than one slash at the start: its own CLI puts a path that begins with one behind an address that ends in one.
	path := "/" + strings.TrimLeft(r.URL.Path, "/")
	if size := len(r.RequestURI); size > maxURIBytes {
		http.Error(w, "URI Too Long", http.StatusRequestURITooLong)
		return
	} else if size+headerBytes(r.Header) > maxURIBytes {
		http.Error(w, "Request Header Fields Too Large", http.StatusRequestHeaderFieldsTooLarge)
		return
	}
	switch {
	case path == "/services/oauth2/token":
		o.serveToken(w, r)
	case path == "/services/oauth2/revoke":
		o.serveRevoke(w, r)
	case path == "/services/oauth2/userinfo":
		o.serveIdentity(w, r, "")
	case strings.HasPrefix(path, "/id/"+o.id+"/"):
		o.serveIdentity(w, r, strings.TrimPrefix(path, "/id/"+o.id+"/"))
	case strings.HasPrefix(path, "/services/Soap/u/"):
		version, _, _ := strings.Cut(strings.TrimPrefix(path, "/services/Soap/u/"), "/")
		o.serveSOAP(w, r, version)
	case path == "/services/data" || strings.HasPrefix(path, "/services/data/"):
		o.serveREST(w, r, strings.Trim(strings.TrimPrefix(path, "/services/data"), "/"))
	default:
		http.NotFound(w, r)
	}
}

func headerBytes(h http.Header) int {
	n := 0
	for name, values := range h {
		for _, v := range values {
			n += len(name) + len(v) + 4
		}
	}
	return n
}
