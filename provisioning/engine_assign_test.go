package provisioning_test

import (
	"strings"
	"testing"

	"portalbot/provisioning"
	"portalbot/provisioning/salesforce/salesforcesim"
)

// assignRig is a rig whose file gives each person a permission set and a group.
func assignRig(t *testing.T, n int) (r *rig, in provisioning.Input, set, group string) {
	t.Helper()
	r = newRig(t, salesforcesim.Config{})
	r.portal.Profile = "Customer Community Plus User"
	r.portal.PermissionSets, r.portal.Groups = []string{"Reader"}, []string{"EMEA"}
	set = r.sim.Add("PermissionSet", salesforcesim.Fields{"Name": "Reader", "Label": "Reader"})
	group = r.sim.Add("Group", salesforcesim.Fields{"DeveloperName": "EMEA", "Name": "EMEA", "Type": "Regular"})
	in = r.contacts(r.acme.Account, n)
	for _, c := range []string{"PermissionSets", "Groups"} {
		in.Columns = append(in.Columns, provisioning.Column{Header: c, Name: c})
	}
	for i := range in.Rows {
		in.Rows[i].Cells = append(in.Rows[i].Cells, "Reader", "EMEA")
	}
	return r, in, set, group
}

func TestPermissionSetsAndGroupsFollowTheUser(t *testing.T) {
	r, in, set, group := assignRig(t, 3)
	l := r.start()
	defer l.end()
	req := l.waitEnd(l.approve(r.terms(), in).ID)
	if got := l.results(req); got[provisioning.StatusCreated] != 3 || req.Progress.FollowFailed != 0 {
		t.Fatalf("results %v, progress %+v", got, req.Progress)
	}
	if n := len(r.sim.Find("PermissionSetAssignment", "PermissionSetId", set)); n != 3 {
		t.Errorf("%d users have the permission set", n)
	}
	if n := len(r.sim.Find("GroupMember", "GroupId", group)); n != 3 {
		t.Errorf("%d users are in the group", n)
	}
}

func TestRefusedGroupIsToldBesideTheCreatedUser(t *testing.T) {
	r, in, _, _ := assignRig(t, 2)
	r.sim.Inject(salesforcesim.Fault{
		Operation: salesforcesim.OpCreate, Object: "GroupMember", Kind: salesforcesim.FailBefore, Code: "INSUFFICIENT_ACCESS", Message: "insufficient access rights",
	})
	l := r.start()
	defer l.end()
	req := l.waitEnd(l.approve(r.terms(), in).ID)
	for res, err := range l.service.Results(t.Context(), req) {
		if err != nil {
			t.Fatal(err)
		}
		if res.Status != provisioning.StatusCreated || !strings.Contains(res.Text, "not added to every group") {
			t.Errorf("row %d: %s, %q", res.Row.Number, res.Status, res.Text)
		}
	}
	if req.Progress.FollowFailed != 2 {
		t.Errorf("progress %+v", req.Progress)
	}
}
