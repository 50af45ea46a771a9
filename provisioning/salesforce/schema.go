package salesforce

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"portalbot/provisioning"
)

// schemaAge is how long a description is used. Fields and picklists change by an admin's hand, rarely.
const schemaAge = 24 * time.Hour

const opDescribe = "describe"

// schemaAt is what describe told, and when.
type schemaAt struct {
	schema  *provisioning.Schema
	sandbox bool
	at      time.Time
}

// Schema describes User and Account by REST and asks whether the org is a sandbox, three requests side by side, at most once a
// day. The result is shared: it must not be changed.
func (c *Client) Schema(ctx context.Context) (*provisioning.Schema, error) {
	s, err := c.schema.get(ctx, func(s *schemaAt) bool {
		return c.cfg.Now().Sub(s.at) < schemaAge
	}, c.describe)
	if err != nil {
		return nil, describeError(err)
	}
	return s.schema, nil
}

// contactAt is what describe told of Contact, and when.
type contactAt struct {
	fields map[string]provisioning.FieldInfo
	at     time.Time
}

// ContactFields describes Contact by REST, one request, at most once a day. The result is shared: it must not be changed.
func (c *Client) ContactFields(ctx context.Context) (map[string]provisioning.FieldInfo, error) {
	found, err := c.contact.get(ctx, func(f *contactAt) bool {
		return c.cfg.Now().Sub(f.at) < schemaAge
	}, func(ctx context.Context) (*contactAt, error) {
		at := c.cfg.Now()
		var contact object
		if err := c.describeObject(ctx, "Contact", &contact); err != nil {
			return nil, err
		}
		return &contactAt{fields: contact.infos(), at: at}, nil
	})
	if err != nil {
		return nil, describeError(err)
	}
	return found.fields, nil
}

// describeError makes a CallError of what ends the waiting for another caller's description.
func describeError(err error) error {
	var ce *provisioning.CallError
	if errors.As(err, &ce) {
		return err
	}
	return &provisioning.CallError{
		Op: opDescribe, Code: codeNetwork, Text: "gave up while waiting for a description",
		Class: provisioning.ClassRetry, Unsent: true, Err: err,
	}
}

func (c *Client) describe(ctx context.Context) (*schemaAt, error) {
	at := c.cfg.Now()
	var user, account object
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return c.describeObject(gctx, "User", &user) })
	g.Go(func() error { return c.describeObject(gctx, "Account", &account) })
	var sandbox []bool
	g.Go(func() (err error) {
		sandbox, _, err = query(gctx, c, "read Organization", "SELECT Id, IsSandbox FROM Organization",
			func(v *values) bool { return v.is("IsSandbox") })
		return err
	})
	if err := g.Wait(); err != nil {
		return nil, err
	}
	s := &provisioning.Schema{User: user.infos()}
	_, s.HasCurrency = s.User["currencyisocode"]
	for _, f := range account.Fields {
		s.HasIsPartner = s.HasIsPartner || f.Name == "IsPartner"
		s.HasIsCustomer = s.HasIsCustomer || f.Name == "IsCustomerPortal"
	}
	return &schemaAt{schema: s, sandbox: slices.Contains(sandbox, true), at: at}, nil
}

// object and field are what is read of a describe answer, see "sObject Describe" in the REST API developer guide.
type object struct {
	Fields []field `json:"fields"`
}

func (o object) infos() map[string]provisioning.FieldInfo {
	m := make(map[string]provisioning.FieldInfo, len(o.Fields))
	for _, f := range o.Fields {
		m[strings.ToLower(f.Name)] = f.info()
	}
	return m
}

type field struct {
	Name       string `json:"name"`
	Label      string `json:"label"`
	Type       string `json:"type"`
	Length     int    `json:"length"`
	Createable bool   `json:"createable"`
	Updateable bool   `json:"updateable"`
	Custom     bool   `json:"custom"`
	Nillable   bool   `json:"nillable"`
	Defaulted  bool   `json:"defaultedOnCreate"`
	Restricted bool   `json:"restrictedPicklist"`
	Values     []struct {
		Active bool   `json:"active"`
		Label  string `json:"label"`
		Value  string `json:"value"`
	} `json:"picklistValues"`
}

func (f field) info() provisioning.FieldInfo {
	i := provisioning.FieldInfo{
		Name: f.Name, Label: f.Label, Type: f.Type, Length: f.Length, Createable: f.Createable, Updateable: f.Updateable,
		Custom: f.Custom, Restricted: f.Restricted,
		// A checkbox cannot be null and is simply off.
		Required: f.Createable && !f.Nillable && !f.Defaulted && f.Type != "boolean",
	}
	if len(f.Values) == 0 {
		return i
	}
	i.Values, i.Labels = make(map[string]bool, len(f.Values)), make(map[string]string, len(f.Values))
	for _, v := range f.Values {
		if v.Active {
			i.Values[v.Value] = true
			i.Labels[v.Label] = v.Value
		}
	}
	return i
}

func (c *Client) describeObject(ctx context.Context, name string, into *object) error {
	return c.do(ctx, call{
		op: opDescribe + " " + name, read: true, method: http.MethodGet,
		path: "/services/data/v" + c.cfg.APIVersion + "/sobjects/" + name + "/describe",
		decode: func(r io.Reader) error {
			*into = object{}
			if err := json.NewDecoder(r).Decode(into); err != nil {
				return fmt.Errorf("read the description: %w", err)
			}
			if len(into.Fields) == 0 {
				return errors.New("the description has no fields")
			}
			return nil
		},
	})
}
