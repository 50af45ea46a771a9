package salesforce

import "net/url"

// IsSandboxURL reports whether a login URL is that of a sandbox or scratch org, by its address alone. It is false for an address that
// does not say so, and for one that is no URL.
func IsSandboxURL(login string) bool {
	u, err := url.Parse(login)
	return err == nil && sandboxHost(u.Hostname())
}
