package commands

import (
	"context"
	"fmt"
)

// whoami shows who the person is here.
func (c *Commands) whoami(ctx context.Context, in call) error {
	held := c.held(ctx, in.User)
	lines := []string{fmt.Sprintf("You are %s (`%s`).", esc(in.who.Name, 80), esc(in.User, 40))}
	role := func(r rights, yes, no string) {
		if held&r != 0 {
			lines = append(lines, "• "+yes)
			return
		}
		lines = append(lines, "• "+no)
	}
	role(requesters, "You can make requests.", "You cannot make requests.")
	role(approvers, "You can approve and deny the requests of others.", "You cannot approve or deny requests.")
	role(admins, "You are an admin of this bot.", "You are not an admin of this bot.")
	if held&(requesters|approvers|admins) != requesters|approvers|admins {
		lines = append(lines, c.askFor())
	}
	p := page{text: "Who you are here"}
	p.both(section(lines...))
	return c.show(ctx, in, p)
}
