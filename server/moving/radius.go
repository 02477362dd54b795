package moving

import (
	"context"
	"crypto/sha1"
	"slices"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/radius"
)

// Radius takes over what FreeRADIUS reads and writes, the settings of organizations,
// tokens, and how people came.
func Radius(r *radius.Radius) Part {
	p := radiusPart{r}
	return Part{Name: "radius", Take: func(ctx context.Context, run *Run) error {
		for _, step := range []func(context.Context, *Run) error{p.settings, p.groups, p.attributes, p.servers, p.people, p.sessions} {
			if err := step(ctx, run); err != nil {
				return err
			}
		}
		return nil
	}}
}

type radiusPart struct{ *radius.Radius }

func (p radiusPart) settings(ctx context.Context, run *Run) error {
	return run.Table(ctx, "openwisp_radius_organizationradiussettings", "id", []string{"organization_id"}, func(ctx context.Context, r *Row) (string, error) {
		text := func(column string) *string {
			if !r.Has(column) {
				return nil
			}
			v := r.Text(column)
			return &v
		}
		o := &radius.Settings{
			ID: r.Required("id"), OrganizationID: r.ID("organization_id"), Token: r.Secret("token"), AllowedHosts: text("freeradius_allowed_hosts"),
			CoAEnabled: r.Maybe("coa_enabled"), NeedsVerification: r.Maybe("needs_identity_verification"), MACRoaming: r.Maybe("mac_addr_roaming_enabled"),
			RegistrationEnabled: r.Maybe("registration_enabled"), SocialEnabled: r.Maybe("social_registration_enabled"), SAMLEnabled: r.Maybe("saml_registration_enabled"), LoginURL: r.Text("login_url"), StatusURL: r.Text("status_url"),
			PasswordResetURL: text("password_reset_url"), FirstName: text("first_name"), LastName: text("last_name"), Location: text("location"), BirthDate: text("birth_date"),
			SMSVerification: r.Maybe("sms_verification"), SMSSender: r.Text("sms_sender"), SMSMessage: text("sms_message"), SMSCooldown: r.Count("sms_cooldown"),
			SMSMetaData: r.JSON("sms_meta_data"), MobilePrefixes: text("allowed_mobile_prefixes"),
		}
		if err := r.Err(); err != nil {
			return "", err
		}
		return p.Settings.Restore(ctx, o)
	})
}

func (p radiusPart) groups(ctx context.Context, run *Run) error {
	if err := run.Table(ctx, "openwisp_radius_radiusgroup", "id", []string{"organization_id"}, func(ctx context.Context, r *Row) (string, error) {
		g := &radius.Group{
			ID: r.Required("id"), OrganizationID: r.ID("organization_id"), Name: r.Text("name"), Description: r.Text("description"), IsDefault: r.Flag("default"),
			Created: r.Instant("created"), Modified: r.Instant("modified"),
		}
		if err := r.Err(); err != nil {
			return "", err
		}
		return p.Groups.Restore(ctx, g)
	}); err != nil {
		return err
	}
	owners, err := run.pairs(ctx, "openwisp_radius_radiusgroup", "id", "organization_id")
	if err != nil {
		return err
	}
	for table, service := range map[string]*radius.GroupAttributes{"radgroupcheck": p.GroupChecks, "radgroupreply": p.GroupReplies} {
		if err := run.Table(ctx, table, "id", []string{"group_id"}, func(ctx context.Context, r *Row) (string, error) {
			a := &radius.GroupAttribute{
				ID: r.Required("id"), OrganizationID: owner(owners, r.ID("group_id")), GroupID: r.ID("group_id"), GroupName: r.Text("groupname"),
				Attribute: r.Text("attribute"), Op: r.Text("op"), Value: r.Text("value"), Created: r.Instant("created"), Modified: r.Instant("modified"),
			}
			if err := r.Err(); err != nil {
				return "", err
			}
			_, action, err := service.Adopt(ctx, a, nil)
			return action, err
		}); err != nil {
			return err
		}
	}
	return run.Table(ctx, "radusergroup", "id", []string{"group_id", "user_id"}, func(ctx context.Context, r *Row) (string, error) {
		m := &radius.Membership{
			ID: r.Required("id"), OrganizationID: owner(owners, r.ID("group_id")), UserID: r.ID("user_id"), Username: r.Text("username"),
			GroupID: r.ID("group_id"), GroupName: r.Text("groupname"), Priority: r.Number("priority"), Created: r.Instant("created"), Modified: r.Instant("modified"),
		}
		if err := r.Err(); err != nil {
			return "", err
		}
		return p.Memberships.Restore(ctx, m)
	})
}

func owner(owners map[wispwright.ID]string, of wispwright.ID) wispwright.ID {
	id, err := wispwright.ParseID(owners[of])
	if err != nil {
		return wispwright.ID{} // it belongs to nobody there either
	}
	return id
}

func (p radiusPart) attributes(ctx context.Context, run *Run) error {
	for table, service := range map[string]*radius.Attributes{"radcheck": p.Checks, "radreply": p.Replies} {
		if err := run.Table(ctx, table, "id", []string{"organization_id", "user_id"}, func(ctx context.Context, r *Row) (string, error) {
			a := &radius.Attribute{
				ID: r.Required("id"), OrganizationID: r.ID("organization_id"), Username: r.Text("username"), UserID: r.ID("user_id"),
				Attribute: r.Text("attribute"), Op: r.Text("op"), Value: r.Text("value"), Created: r.Instant("created"), Modified: r.Instant("modified"),
			}
			if err := r.Err(); err != nil {
				return "", err
			}
			_, action, err := service.Adopt(ctx, a, nil)
			return action, err
		}); err != nil {
			return err
		}
	}
	return nil
}

func (p radiusPart) servers(ctx context.Context, run *Run) error {
	return run.Table(ctx, "nas", "id", []string{"organization_id"}, func(ctx context.Context, r *Row) (string, error) {
		n := &radius.NAS{
			ID: r.Required("id"), OrganizationID: r.ID("organization_id"), Name: r.Text("nasname"), ShortName: r.Text("shortname"), Type: r.Text("type"),
			Ports: r.Count("ports"), Secret: r.Secret("secret"), Server: r.Text("server"), Community: r.Text("community"), Description: r.Text("description"),
			Created: r.Instant("created"), Modified: r.Instant("modified"),
		}
		if err := r.Err(); err != nil {
			return "", err
		}
		known := p.NASes.Types()
		if i := slices.IndexFunc(known, func(t string) bool { return strings.EqualFold(t, n.Type) }); i >= 0 {
			n.Type = known[i]
		} else {
			n.Type = "other"
		}
		if err := p.NASes.Kind().Validate(ctx, entity.Change[radius.NAS]{After: n}); err != nil {
			return "", err
		}
		_, action, err := p.NASes.Adopt(ctx, n, nil)
		return action, err
	})
}

// people takes tokens and registrations. OpenWISP knows one registration of a user,
// here there is one for each organization that the user belongs to.
func (p radiusPart) people(ctx context.Context, run *Run) error {
	if err := run.Table(ctx, "radiustoken", "key", []string{"user_id", "organization_id"}, func(ctx context.Context, r *Row) (string, error) {
		t := &radius.Token{UserID: r.ID("user_id"), OrganizationID: r.ID("organization_id"), Key: r.Secret("key"), CanAuth: r.Flag("can_auth"), Created: r.Instant("created")}
		t.ID = derived("radius token", t.UserID)
		if err := r.Err(); err != nil {
			return "", err
		}
		return p.RestoreToken(ctx, t)
	}); err != nil {
		return err
	}
	const table, members = "openwisp_radius_registereduser", "openwisp_users_organizationuser"
	if !run.Has(table) || !run.Has(members) {
		return nil
	}
	rows, err := run.Read(ctx, table, "SELECT u.user_id, u.method, u.is_verified, u.modified, m.organization_id FROM "+table+" u JOIN "+members+" m ON m.user_id = u.user_id ORDER BY u.user_id, m.organization_id")
	if err != nil {
		return err
	}
	known := p.Registrations.Methods()
	return run.Each(ctx, table, rows, []string{"user_id", "organization_id"}, func(ctx context.Context, r *Row) (string, error) {
		o := &radius.Registration{
			UserID: r.ID("user_id"), OrganizationID: r.ID("organization_id"), Method: r.Text("method"), IsVerified: r.Flag("is_verified"),
			Created: r.Instant("modified"), Modified: r.Instant("modified"),
		}
		o.ID = derived("registration", o.UserID, o.OrganizationID)
		if o.Method != "" && !slices.ContainsFunc(known, func(m radius.Method) bool { return m.Name == o.Method }) {
			run.Notice("the way to register %q is not known here: it is kept as it is", o.Method)
		}
		if err := r.Err(); err != nil {
			return "", err
		}
		_, action, err := p.Registrations.Adopt(ctx, o, nil)
		return action, err
	})
}

// derived is the id of what has none in OpenWISP: the same in every run.
func derived(what string, of ...wispwright.ID) wispwright.ID {
	h := sha1.New()
	h.Write([]byte("openwisp " + what))
	for _, id := range of {
		h.Write(id[:])
	}
	var id wispwright.ID
	copy(id[:], h.Sum(nil))
	id[6] = id[6]&0x0f | 0x50
	id[8] = id[8]&0x3f | 0x80
	return id
}

func (p radiusPart) sessions(ctx context.Context, run *Run) error {
	text := func(r *Row, column string) *string {
		if !r.Has(column) {
			return nil
		}
		v := r.Text(column)
		return &v
	}
	if err := run.Table(ctx, "radacct", "acctuniqueid", []string{"organization_id"}, func(ctx context.Context, r *Row) (string, error) {
		o := &radius.Session{
			UniqueID: r.Text("acctuniqueid"), SessionID: r.Text("acctsessionid"), OrganizationID: r.ID("organization_id"), Username: text(r, "username"),
			GroupName: text(r, "groupname"), Realm: text(r, "realm"), NASAddress: r.Addr("nasipaddress"), NASPortID: text(r, "nasportid"), NASPortType: text(r, "nasporttype"),
			StartTime: r.Instant("acctstarttime"), UpdateTime: r.Instant("acctupdatetime"), StopTime: r.Instant("acctstoptime"), Interval: r.Count("acctinterval"),
			SessionTime: r.Count("acctsessiontime"), Authentication: text(r, "acctauthentic"), ConnectInfoStart: text(r, "connectinfo_start"),
			ConnectInfoStop: text(r, "connectinfo_stop"), InputOctets: r.Count("acctinputoctets"), OutputOctets: r.Count("acctoutputoctets"),
			CalledStationID: text(r, "calledstationid"), CallingStationID: text(r, "callingstationid"), TerminateCause: text(r, "acctterminatecause"),
			ServiceType: text(r, "servicetype"), FramedProtocol: text(r, "framedprotocol"), FramedIPAddress: r.Addr("framedipaddress"),
			FramedIPv6Address: r.Addr("framedipv6address"), FramedIPv6Prefix: text(r, "framedipv6prefix"), FramedInterfaceID: text(r, "framedinterfaceid"),
			DelegatedIPv6Prefix: text(r, "delegatedipv6prefix"),
		}
		if err := r.Err(); err != nil {
			return "", err
		}
		return p.RestoreSession(ctx, o)
	}); err != nil {
		return err
	}
	return run.Table(ctx, "radpostauth", "id", []string{"organization_id"}, func(ctx context.Context, r *Row) (string, error) {
		o := &radius.PostAuth{
			ID: r.Required("id"), OrganizationID: r.ID("organization_id"), Username: r.Text("username"), Password: r.Text("pass"), Reply: r.Text("reply"),
			CalledStationID: text(r, "calledstationid"), CallingStationID: text(r, "callingstationid"), Date: r.Instant("authdate"),
		}
		if err := r.Err(); err != nil {
			return "", err
		}
		return p.RestorePostAuth(ctx, o)
	})
}
