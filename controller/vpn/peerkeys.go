package vpn

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// Pre-shared keys of peers that stand in a server's configuration are taken out of it, as
// its private key is, and put back where its host fetches it.

// presharedKey is the property of a peer.
const presharedKey = "preshared_key"

// peersOf are the peers of a tunnel that have a public key, by it.
func peersOf(tunnel *ordered.Object, each func(public string, peer *ordered.Object)) {
	peers, _ := value(tunnel, "peers").([]any)
	for _, item := range peers {
		if peer, ok := item.(*ordered.Object); ok && text(peer, "public_key") != "" {
			each(strings.TrimSpace(text(peer, "public_key")), peer)
		}
	}
}

// peerKeys are the keys of a server's peers by their public ones.
func (s *Server) peerKeys() (map[string]string, error) {
	keys := map[string]string{}
	if s.PeerKeys == "" {
		return keys, nil
	}
	if err := json.Unmarshal([]byte(s.PeerKeys.Reveal()), &keys); err != nil {
		return nil, fmt.Errorf("keys of the peers of VPN server %s cannot be read", s.ID) // the error would show them
	}
	return keys, nil
}

// adoptPeerKeys takes pre-shared keys out of the configuration to where keys are sealed.
// A peer of which nothing is said keeps its key, an empty text takes it away, and a
// variable stays where it is. Keys of peers that are gone are forgotten.
func adoptPeerKeys(o *Server, t *Type) error {
	if !t.Keys {
		o.PeerKeys = ""
		return nil
	}
	keys, err := o.peerKeys()
	if err != nil {
		return wispwright.Invalid("peer_keys", "Enter an object: public keys to pre-shared keys.")
	}
	config, err := decode(o.Config)
	if err != nil {
		return err
	}
	kept, taken := map[string]string{}, false
	peersOf(tunnel(config, t.List), func(public string, peer *ordered.Object) {
		key, is := value(peer, presharedKey).(string)
		switch {
		case is && strings.Contains(key, "{{"):
			return
		case is:
			peer.Delete(presharedKey)
			taken = true
		default:
			key = keys[public]
		}
		if key = strings.TrimSpace(key); key != "" {
			kept[public] = key
		}
	})
	if taken {
		o.Config = wispwright.JSON(ordered.Append(nil, config))
	}
	o.PeerKeys = ""
	if len(kept) > 0 {
		raw, err := json.Marshal(kept)
		if err != nil {
			return fmt.Errorf("keys of peers: %w", err)
		}
		o.PeerKeys = wispwright.Secret(raw)
	}
	return nil
}

// putPeerKeys completes the peers of a server's own configuration.
func putPeerKeys(s *Server, tunnel *ordered.Object) error {
	keys, err := s.peerKeys()
	if err != nil {
		return err
	}
	peersOf(tunnel, func(public string, peer *ordered.Object) {
		if key := keys[public]; key != "" && !peer.Has(presharedKey) {
			peer.Set(presharedKey, key)
		}
	})
	return nil
}

// SealPeerKeys seals pre-shared keys of servers that were stored before they were
// sealed. Nothing else of the servers changes, and the history is not told: it would
// keep the keys.
func (s *Servers) SealPeerKeys(ctx context.Context) error {
	all, err := s.core.stores.Servers.List(ctx, wispwright.ScopeAll(), ServerFilter{}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	for _, o := range all.Rows {
		t := s.core.byPath[o.Backend]
		if t == nil || !t.Keys || !strings.Contains(string(o.Config), presharedKey) {
			continue
		}
		if _, err := s.core.stores.Servers.Update(ctx, wispwright.ScopeAll(), o.ID, func(o *Server) error { return adoptPeerKeys(o, t) }); err != nil {
			return fmt.Errorf("seal the keys of the peers of VPN server %s: %w", o.ID, err)
		}
		if err := errors.Join(s.core.polls.Drop(ctx, o.ID), s.core.archives.Drop(ctx, o.ID)); err != nil {
			return err
		}
	}
	return nil
}

// ForgetKeys takes pre-shared and private keys out of what a history tells of a server's
// configuration, from before these were sealed, and reports whether there were any.
// Variables stay, which are no keys.
func (s *Servers) ForgetKeys(fields []wispwright.FieldChange) bool {
	some := false
	for i := range fields {
		if fields[i].Field != "Config" {
			continue
		}
		for _, value := range []*any{&fields[i].Old, &fields[i].New} {
			var text string
			switch v := (*value).(type) {
			case wispwright.JSON:
				text = string(v)
			case string:
				text = v
			}
			config, err := ordered.Decode([]byte(text))
			if err != nil { // no document: nothing to find in it
				continue
			}
			if config = ordered.Clone(config); forgetKeys(config) {
				*value, some = wispwright.JSON(ordered.Append(nil, config)), true
			}
		}
	}
	return some
}

// forgotten stands where a key stood, as the history tells of secrets.
const forgotten = "***"

func forgetKeys(value any) (some bool) {
	switch v := value.(type) {
	case []any:
		for _, item := range v {
			some = forgetKeys(item) || some
		}
	case *ordered.Object:
		for i := range v.Len() {
			name, item := v.At(i)
			key, is := item.(string)
			if is && (name == presharedKey || name == "private_key") && key != "" && key != forgotten && !strings.Contains(key, "{{") {
				v.Set(name, forgotten)
				some = true
				continue
			}
			some = forgetKeys(item) || some
		}
	}
	return some
}
