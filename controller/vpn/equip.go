package vpn

import (
	"context"
	"crypto/rand"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/ahead"
)

// mostVNI is the highest number of a virtual network.
const mostVNI = 1 << 24

// number gives each client a virtual network of its own: the highest of the server
// and one more (spec: controller-config §9.2). The server is held exclusively.
func (c *core) number(ctx context.Context, server wispwright.ID, clients []*Client) error {
	last, err := c.stores.Clients.LastVNI(ctx, server)
	if err != nil {
		return err
	}
	for _, cl := range clients {
		if !cl.AutoCert {
			continue
		}
		if last++; last > mostVNI {
			return wispwright.Invalid("config", "The VPN server has no number for another virtual network.")
		}
		vni := last
		cl.VNI = &vni
	}
	return nil
}

// equip makes certificates, keys and identities of clients. What takes long is made
// ahead of the transaction, for all of them at once.
func (c *core) equip(ctx context.Context, server *Server, t *Type, places []place) error {
	if t.Certificates {
		ctx := ahead.Several(ctx, len(places))
		for _, p := range places {
			var err error
			p.client.CertID, err = c.pki.Issue(ctx, server.CAID, Order{
				Name: p.Device.Name, CommonName: CommonName(c.CommonNameFormat, p.Device), OrganizationID: p.Device.OrganizationID,
			})
			if err != nil {
				return err
			}
		}
	}
	if t.Keys {
		for _, p := range places {
			var err error
			if p.client.PublicKey, p.client.PrivateKey, err = newKeys(); err != nil {
				return err
			}
		}
	}
	if t.Controller {
		return c.identify(ctx, places)
	}
	return nil
}

// identities is the kind under which ZeroTier identities are made ahead.
type identities struct{ c *core }

func (identities) String() string { return "a ZeroTier identity" }

// identify gives clients the identity of the other ZeroTier clients of their device, or
// a new one.
func (c *core) identify(ctx context.Context, places []place) error {
	have := map[wispwright.ID]wispwright.Secret{}
	for some := range slices.Chunk(places, perQuestion) {
		ids := make([]wispwright.ID, len(some))
		for i, p := range some {
			ids[i] = p.Device.ID
		}
		found, err := c.stores.Clients.List(ctx, wispwright.ScopeAll(), ClientFilter{DeviceIDs: wispwright.Only(ids...)}, wispwright.Page{NoTotal: true})
		if err != nil {
			return err
		}
		for _, cl := range found.Rows {
			if cl.Identity != "" {
				have[cl.DeviceID] = cl.Identity
			}
		}
	}
	ctx = ahead.Several(ctx, len(places)-len(have))
	for _, p := range places {
		p.client.Identity = have[p.Device.ID]
		if p.client.Identity != "" {
			continue
		}
		made, err := ahead.Take(ctx, identities{c}, c.NewIdentity)
		switch {
		case ahead.Missing(err):
			return err
		case err != nil:
			return fmt.Errorf("Unable to generate zerotier identity secret, Error: %w", err) //nolint:staticcheck // clients know it like this
		}
		p.client.Identity = made
	}
	return nil
}

const (
	defaultCommonName = "{mac_address}-{name}"
	// mostCommonName is the length of a common name before its random end.
	mostCommonName = 55
	// nameLetters are those of the random end: none looks like another.
	nameLetters = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
)

// CommonName is the common name of a device's certificate: the format, with the
// fields of the device in braces, cut to 55 characters, a hyphen and eight random
// letters (spec: controller-config §9.2).
func CommonName(format string, d *controller.Device) string {
	mac := d.MACAddress
	name := cut(d.Name, max(0, 63-len(mac)))
	text := mac
	if format != defaultCommonName || d.Name != mac {
		text = strings.NewReplacer(
			"{mac_address}", mac, "{name}", name, "{id}", d.ID.String(), "{hardware_id}", d.HardwareID, "{model}", d.Model, "{os}", d.OS, "{system}", d.System,
		).Replace(format)
	}
	return cut(text, mostCommonName) + "-" + randomEnd()
}

// randomEnd are eight random letters.
func randomEnd() string {
	end := make([]byte, 8)
	for i := range end {
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(nameLetters))))
		if err != nil { // crypto/rand aborts the program instead
			n = big.NewInt(0)
		}
		end[i] = nameLetters[n.Int64()]
	}
	return string(end)
}

func cut(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most])
	}
	return text
}
