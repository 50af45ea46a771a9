package salesforcesim

import (
	"slices"
	"time"
)

// MailKind is why the org sends a mail.
type MailKind string

// The kinds of mail that the org sends to a user.
const (
	MailNewUser         MailKind = "new user"         // create with EmailHeader/triggerUserEmail
	MailSiteWelcome     MailKind = "site welcome"     // the user joins a live site that welcomes its members
	MailPasswordReset   MailKind = "password reset"   // REST DELETE password; resetPassword with triggerUserEmail
	MailUsernameChanged MailKind = "username changed" // always, KB 000386740
)

// Mail is one mail that the org was asked for. Whether it would arrive nobody knows.
type Mail struct {
	Kind    MailKind
	UserID  string
	To      string
	Network string // of a site welcome: its id
	Op      int    // number of the operation that caused it
	At      time.Time
}

// Mails returns all mails so far, oldest first.
func (o *Org) Mails() []Mail {
	o.mu.RLock()
	defer o.mu.RUnlock()
	return slices.Clone(o.mails)
}

// MailCount returns how many mails of this kind were asked for.
func (o *Org) MailCount(kind MailKind) int {
	n := 0
	for _, m := range o.Mails() {
		if m.Kind == kind {
			n++
		}
	}
	return n
}

func (b *batch) mail(kind MailKind, user int32) {
	b.mails = append(b.mails, Mail{
		Kind: kind, UserID: b.o.users.get(user, "Id"), To: b.o.users.get(user, "Email"), Op: b.number, At: b.o.Now(),
	})
}

// welcome asks for the welcome mails of the live sites whose members a profile or permission set makes its users.
func (b *batch) welcome(user int32, parent string) {
	if user == noRow || b.o.users.get(user, "IsActive") != "true" || !portalType(b.o.users.get(user, "UserType")) {
		return
	}
	for _, row := range b.o.networkGroups.lookup(nil, b.o.networkGroups.field("ParentId"), parent) {
		id := b.o.networkGroups.get(row, "NetworkId")
		site := b.o.networks.find(id)
		if site == noRow || b.o.networks.get(site, "Status") != "Live" || b.o.networks.get(site, "OptionsSendWelcomeEmail") != "true" {
			continue
		}
		b.mail(MailSiteWelcome, user)
		b.mails[len(b.mails)-1].Network = id
	}
}
