package salesforcesim

import (
	"strconv"
	"strings"
	"time"
)

// soapTime is how SOAP writes a dateTime, and how times are kept: always UTC, so that text order is time order.
const (
	soapTime = "2006-01-02T15:04:05.000Z"
	restTime = "2006-01-02T15:04:05.000+0000"
)

func timeText(t time.Time) string { return t.UTC().Format(soapTime) }

// restTimeText turns a kept time into the form that REST writes.
func restTimeText(kept string) string { return strings.TrimSuffix(kept, "Z") + "+0000" }

// parseTime reads the dateTime forms that the API takes.
func parseTime(s string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999-0700", "2006-01-02T15:04:05-0700"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

func boolText(b bool) string { return strconv.FormatBool(b) }
func intText(n int) string   { return strconv.Itoa(n) }
func lower(s string) string  { return strings.ToLower(s) }
