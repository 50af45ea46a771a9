package salesforcesim

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"unicode"
	"unicode/utf8"
)

// minPassword is the least length of a password under the default policy.
const minPassword = 8

// routePassword serves sobjects/User/{id}/password: GET tells whether the password is expired, POST sets it, DELETE resets it.
func (o *Org) routePassword(c *call, req *restRequest, raw string) *callError {
	c.op.Detail, c.op.Records = raw, 1
	switch req.Method {
	case http.MethodGet:
		c.op.Name = OpPasswordStatus
		c.effect = func(*working) (reply, *callError) {
			o.mu.RLock()
			defer o.mu.RUnlock()
			if _, err := o.passwordUser(raw, ""); err != nil {
				return reply{}, err
			}
			return jsonReply(http.StatusOK, map[string]bool{"isExpired": false}), nil
		}
	case http.MethodPost:
		var in struct{ NewPassword string }
		if err := json.Unmarshal(req.body, &in); err != nil {
			return parserError(err)
		}
		c.op.Name, c.write = OpSetPassword, true
		c.effect = func(work *working) (reply, *callError) {
			if !strongPassword(in.NewPassword) {
				return reply{}, badRequest("INVALID_NEW_PASSWORD", "Your password must include letters and numbers, and be at least 8 characters long")
			}
			o.mu.Lock()
			defer o.mu.Unlock()
			row, err := o.passwordUser(raw, work.session.user)
			if err != nil {
				return reply{}, err
			}
			o.stampPassword(row)
			return reply{status: http.StatusNoContent}, nil
		}
	case http.MethodDelete:
		c.op.Name, c.write = OpResetPassword, true
		c.effect = func(work *working) (reply, *callError) {
			password, err := o.resetPassword(raw, work, true)
			if err != nil {
				return reply{}, err
			}
			return jsonReply(http.StatusOK, map[string]string{"NewPassword": password}), nil
		}
	default:
		return methodNotAllowed(req, "DELETE,GET,HEAD,POST")
	}
	return nil
}

func strongPassword(s string) bool {
	letter, digit := false, false
	for _, r := range s {
		letter = letter || unicode.IsLetter(r)
		digit = digit || unicode.IsDigit(r)
	}
	return letter && digit && utf8.RuneCountInString(s) >= minPassword
}

// passwordUser returns the row of the user whose password is meant. The caller holds o.mu.
func (o *Org) passwordUser(raw, by string) (int32, *callError) {
	id, _ := normalID(raw)
	row := o.users.find(id)
	if row == noRow {
		return noRow, refuse(http.StatusNotFound, "NOT_FOUND", "The requested resource does not exist")
	}
	if o.permissions[by].NoManageUsers && by != id {
		return noRow, refuse(http.StatusForbidden, "INSUFFICIENT_ACCESS", "insufficient access rights on cross-reference id")
	}
	return row, nil
}

func (o *Org) stampPassword(row int32) {
	values := o.users.unpack(row)
	values[o.users.field("LastPasswordChangeDate").number] = timeText(o.Now())
	o.users.put(row, pack(values, o.users.fields))
}

// resetPassword gives a user a new password and asks for the mail with the reset link.
func (o *Org) resetPassword(raw string, work *working, mail bool) (string, *callError) {
	o.mu.Lock()
	defer o.mu.Unlock()
	row, err := o.passwordUser(raw, work.session.user)
	if err != nil {
		return "", err
	}
	if o.users.get(row, "IsActive") != "true" {
		return "", badRequest("INVALID_OPERATION", "The password of an inactive user cannot be reset")
	}
	o.stampPassword(row)
	if mail {
		o.mails = append(o.mails, Mail{
			Kind: MailPasswordReset, UserID: o.users.get(row, "Id"), To: o.users.get(row, "Email"), Op: work.number, At: o.Now(),
		})
	}
	return rand.Text()[:12], nil
}
