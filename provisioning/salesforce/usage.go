package salesforce

import (
	"net/http"
	"strconv"
	"strings"

	"portalbot/provisioning"
)

// Usage is the use of the org's daily API requests as the last answer told it: the header Sforce-Limit-Info of REST,
// LimitInfoHeader of SOAP. An answer that tells nothing, or nothing that can be read, changes nothing.
func (c *Client) Usage() provisioning.Usage {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.usage
}

func (c *Client) noteUsage(u provisioning.Usage) {
	if u.Max <= 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.usage = u
}

// parseLimitInfo reads "api-usage=10018/100000; api-bursts=1/750". Other parts may come before or after, with "," or ";".
func parseLimitInfo(h http.Header) provisioning.Usage {
	for _, line := range h.Values("Sforce-Limit-Info") {
		for _, part := range strings.FieldsFunc(line, func(r rune) bool { return r == ';' || r == ',' }) {
			key, value, _ := strings.Cut(strings.TrimSpace(part), "=")
			if strings.TrimSpace(key) != "api-usage" {
				continue
			}
			used, most, _ := strings.Cut(value, "/")
			u, err1 := strconv.Atoi(strings.TrimSpace(used))
			m, err2 := strconv.Atoi(strings.TrimSpace(most))
			if err1 == nil && err2 == nil && u >= 0 {
				return provisioning.Usage{Used: u, Max: m}
			}
		}
	}
	return provisioning.Usage{}
}
