package salesforce

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// The values of Config.Auth.
const (
	AuthClientCredentials = "client_credentials" // the app's run-as user, no person's consent
	AuthJWT               = "jwt"                // a signed assertion for Config.Username
)

// DefaultAPIVersion is the Salesforce API version used when Config names none: Spring '26.
const DefaultAPIVersion = "66.0"

const (
	// oldestVersion: UserLicense.UsedLicenses came with 32.0, and versions up to 30.0 are retired.
	// Source: Salesforce object reference, UserLicense; "Salesforce Platform API Versions 21.0 through 30.0 Retirement".
	oldestVersion = 32
	// newestVersion is Summer '26, the newest that this package was written against.
	newestVersion = 67

	defaultReads = 6
	// mostReads stays under the 25 long-running requests that Salesforce allows an org at once, with room for writes and others.
	// Source: Salesforce app limits cheat sheet, concurrent inbound API requests of 20 seconds or longer.
	mostReads = 20
)

// Config says which org to talk to and as whom. Only LoginURL, Auth, ClientID and the credentials of the grant are required.
type Config struct {
	// LoginURL is where tokens are fetched: the org's My Domain, https://acme.my.salesforce.com. With jwt,
	// https://login.salesforce.com and https://test.salesforce.com do as well. http is taken for loopback addresses only.
	LoginURL string
	Auth     string // AuthClientCredentials or AuthJWT
	ClientID string // consumer key of the External Client App

	ClientSecret string // consumer secret; client credentials only

	Username      string // the user to act as; jwt only
	PrivateKeyPEM []byte // RSA key of the certificate that the app holds, PKCS #1 or #8; jwt only
	// Audience is the assertion's audience. Default: https://test.salesforce.com when LoginURL is that of a sandbox,
	// else https://login.salesforce.com. Salesforce refuses others, except an Experience Cloud site's own URL.
	Audience string

	APIVersion string // default DefaultAPIVersion
	Reads      int    // reads side by side, default 6, at most 20

	// Transport sends the requests, default NewTransport. Wrap NewTransport rather than replace it: that a call was certainly
	// not sent is learned from its httptrace events. OpName tells a wrapper what a request is for.
	Transport http.RoundTripper
	// Now is the clock that the age of cached describes is told by, default time.Now.
	Now func() time.Time
	// Sleep waits between the tries of a read, default a timer.
	Sleep func(context.Context, time.Duration) error
	// WriteTimeout is the deadline of a write, default 11 minutes. Less than the server's ten minutes makes answers that come
	// late look lost: then every row of the call has to be settled by reading.
	WriteTimeout time.Duration
	// ReadTimeout is the deadline of one read request, default 150 seconds.
	ReadTimeout time.Duration
}

// String tells the configuration without its secrets.
func (c Config) String() string {
	return fmt.Sprintf("salesforce %s at %s, API %s", c.Auth, c.LoginURL, c.APIVersion)
}

// GoString is String: %#v shall not show secrets either.
func (c Config) GoString() string { return c.String() }

// LogValue is String: a logged configuration shall not show secrets.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.String()) }

// complete returns the configuration with its defaults, or all that is wrong with it in sentences.
func (c Config) complete() (Config, error) {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }

	login, err := checkURL("login_url", c.LoginURL)
	if err != nil {
		errs = append(errs, err)
	} else {
		c.LoginURL = login.Scheme + "://" + login.Host
		if strings.HasSuffix(login.Hostname(), ".lightning.force.com") {
			bad("login_url %s is the address of the pages, not of the API: use the My Domain address, "+
				"it ends in .my.salesforce.com (Setup > My Domain)", c.LoginURL)
		}
	}
	if c.ClientID == "" {
		bad("the client id is missing: it is the consumer key of the External Client App")
	}
	switch c.Auth {
	case AuthClientCredentials:
		if c.ClientSecret == "" {
			bad("the client secret is missing: it is the consumer secret of the External Client App")
		}
		if login != nil && sharedLogin(login.Hostname()) {
			bad("Salesforce refuses client credentials at %s: use the org's My Domain address, "+
				"https://YOURDOMAIN.my.salesforce.com (Setup > My Domain)", login.Host)
		}
	case AuthJWT:
		if c.Username == "" {
			bad("the username is missing: jwt needs the Salesforce user that the bot acts as")
		}
		if err := checkKey(c.PrivateKeyPEM); err != nil {
			errs = append(errs, err)
		}
		if c.Audience == "" && login != nil {
			c.Audience = "https://login.salesforce.com"
			if sandboxHost(login.Hostname()) {
				c.Audience = "https://test.salesforce.com"
			}
		}
	default:
		bad("auth is %q: it must be %s or %s", c.Auth, AuthClientCredentials, AuthJWT)
	}
	if c.APIVersion == "" {
		c.APIVersion = DefaultAPIVersion
	}
	if v, err := checkVersion(c.APIVersion); err != nil {
		errs = append(errs, err)
	} else {
		c.APIVersion = v
	}
	if c.Reads == 0 {
		c.Reads = defaultReads
	}
	if c.Reads < 1 || c.Reads > mostReads {
		bad("%d reads side by side: it must be 1 to %d", c.Reads, mostReads)
	}
	if c.WriteTimeout < 0 || c.ReadTimeout < 0 {
		bad("a timeout is negative")
	}
	if c.Transport == nil {
		c.Transport = NewTransport()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Sleep == nil {
		c.Sleep = sleep
	}
	if c.WriteTimeout == 0 {
		c.WriteTimeout = writeTimeout
	}
	if c.ReadTimeout == 0 {
		c.ReadTimeout = readTimeout
	}
	return c, errors.Join(errs...)
}

// checkURL takes https addresses without a path, and http ones of this machine.
func checkURL(name, s string) (*url.URL, error) {
	if s == "" {
		return nil, fmt.Errorf("%s is missing: it is the org's My Domain address, https://YOURDOMAIN.my.salesforce.com", name)
	}
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http"):
		return nil, fmt.Errorf("%s %q is no address: it must look like https://YOURDOMAIN.my.salesforce.com", name, s)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "":
		return nil, fmt.Errorf("%s must be an address without a path: https://%s", name, u.Host)
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return nil, fmt.Errorf("%s is http: tokens travel in these requests, so it must be https://%s", name, u.Host)
	}
	return u, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// sharedLogin reports whether the host logs in users of every org.
func sharedLogin(host string) bool {
	return strings.EqualFold(host, "login.salesforce.com") || strings.EqualFold(host, "test.salesforce.com")
}

// sandboxHost reports whether the address is that of a sandbox or scratch org. Since enhanced domains, which no org can do
// without, their My Domain says so.
func sandboxHost(host string) bool {
	host = strings.ToLower(host)
	return host == "test.salesforce.com" || strings.Contains(host, ".sandbox.") || strings.Contains(host, ".scratch.")
}

// checkKey reads the key once at the start, so that a wrong file is told then and not at the first request.
func checkKey(text []byte) error {
	if len(text) == 0 {
		return errors.New("the private key is missing: jwt needs the RSA key of the certificate that the External Client App holds")
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return errors.New("the private key is not in PEM form: the file must start with -----BEGIN PRIVATE KEY-----")
	}
	if block.Type == "CERTIFICATE" {
		return errors.New("the private key file holds a certificate: that one goes to Salesforce, the bot needs its private key")
	}
	if key, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
		if _, ok := key.(*rsa.PrivateKey); !ok {
			return errors.New("the private key is not an RSA key: Salesforce takes RS256 only")
		}
		return nil
	}
	if _, err := x509.ParsePKCS1PrivateKey(block.Bytes); err != nil {
		return errors.New("the private key cannot be read: it must be an RSA key without a passphrase, PKCS #1 or PKCS #8")
	}
	return nil
}

// checkVersion takes "66.0" and "66", and returns the first form.
func checkVersion(s string) (string, error) {
	whole, tail, dot := strings.Cut(s, ".")
	n, err := strconv.Atoi(whole)
	if err != nil || dot && tail != "0" {
		return "", fmt.Errorf("api_version %q is no Salesforce API version: it must look like %s", s, DefaultAPIVersion)
	}
	if n < oldestVersion || n > newestVersion {
		return "", fmt.Errorf("api_version %s is not one this program knows: it must be %d.0 to %d.0", s, oldestVersion, newestVersion)
	}
	return strconv.Itoa(n) + ".0", nil
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
