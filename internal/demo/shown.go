//go:build linux

package main

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// box is a device as the API lists it.
type box struct {
	ID, Name string
	Key      string
	MAC      string `json:"mac_address"`
}

// boxes are the devices that have registered.
func (d *demo) boxes() ([]box, error) {
	var list struct{ Results []box }
	err := d.api.call("GET", "/api/v1/controller/device/?organization_slug=demo&page_size=100&ordering=name", nil, &list)
	return list.Results, err
}

// show fills the pages that devices do not fill by themselves: the map, the
// graph of the network, the sessions of RADIUS.
func (d *demo) show(boxes []box) error {
	organization, err := d.organization()
	if err != nil {
		return err
	}
	if err := d.makePlaces(organization, boxes); err != nil {
		return err
	}
	if err := d.makeTopology(organization, boxes); err != nil {
		return err
	}
	if err := d.makeGuests(organization); err != nil {
		return err
	}
	if err := d.makeSession(organization, boxes[0]); err != nil {
		return err
	}
	return d.showPortal(organization)
}

// makePlaces puts three devices on the map.
func (d *demo) makePlaces(organization string, boxes []box) error {
	for i, p := range []struct {
		name, kind, address string
		longitude, latitude float64
	}{
		{"Rome", "indoor", "Piazza dei Cinquecento, Rome", 12.5018, 41.9010},
		{"Milan", "outdoor", "Piazza del Duomo, Milan", 9.1914, 45.4641},
		{"Naples", "outdoor", "Piazza del Plebiscito, Naples", 14.2488, 40.8359},
	} {
		if i == len(boxes) {
			break
		}
		var place struct{ ID string }
		if err := d.api.call("POST", "/api/v1/controller/location/", object{"organization": organization, "name": p.name, "type": p.kind, "is_mobile": false, "address": p.address,
			"geometry": object{"type": "Point", "coordinates": []float64{p.longitude, p.latitude}}}, &place); err != nil {
			return fmt.Errorf("place %s: %w", p.name, err)
		}
		if err := d.api.call("PUT", "/api/v1/controller/device/"+boxes[i].ID+"/location/", object{"location": place.ID}, &struct{}{}); err != nil {
			return fmt.Errorf("place of %s: %w", boxes[i].Name, err)
		}
	}
	return nil
}

// makeTopology makes a mesh of the devices behind a gateway, as one of them would
// send it.
func (d *demo) makeTopology(organization string, boxes []box) error {
	key := rand.Text()
	var topology struct{ ID string }
	if err := d.api.call("POST", "/api/v1/network-topology/topology/", object{"organization": organization, "label": "Demo mesh", "parser": "netdiff.NetJsonParser", "strategy": "receive",
		"key": key, "published": true, "expiration_time": 0}, &topology); err != nil {
		return fmt.Errorf("topology: %w", err)
	}
	const gateway = "10.80.0.1"
	nodes, links := []object{{"id": gateway, "label": "gateway"}}, []object{}
	for i, b := range boxes {
		nodes = append(nodes, object{"id": b.MAC, "label": b.Name})
		near := gateway
		if i > 0 {
			near = boxes[i-1].MAC
		}
		links = append(links, object{"source": near, "target": b.MAC, "cost": 1 + float64(i)/4})
	}
	graph, err := json.Marshal(object{"type": "NetworkGraph", "protocol": "OLSR", "version": "0.8", "metric": "ETX", "nodes": nodes, "links": links})
	if err != nil {
		return err
	}
	return d.post("/api/v1/network-topology/topology/"+topology.ID+"/receive/", "text/plain", map[string]string{"X-Topology-Key": key}, graph)
}

// makeSession lets somebody log in over RADIUS, as FreeRADIUS tells of it.
func (d *demo) makeSession(organization string, at box) error {
	token := rand.Text()
	if err := d.api.call("PATCH", "/api/v1/radius/organization/"+organization+"/settings/", object{"token": token, "freeradius_allowed_hosts": "127.0.0.0/8"}, &struct{}{}); err != nil {
		return fmt.Errorf("settings of RADIUS: %w", err)
	}
	header := map[string]string{"Authorization": "Bearer " + organization + " " + token}
	for _, q := range []struct {
		path string
		body object
	}{
		{"authorize/", object{"username": user, "password": d.api.password}},
		{"accounting/", object{"status_type": "Start", "session_id": "demo", "unique_id": "demo-session", "username": user, "nas_ip_address": "10.80.0.11", "session_time": 0,
			"input_octets": 0, "output_octets": 0, "called_station_id": at.MAC, "calling_station_id": "3C-22-FB-00-00-01", "framed_ip_address": "10.80.2.15", "nas_port_type": "Wireless-802.11"}},
		{"accounting/", object{"status_type": "Interim-Update", "session_id": "demo", "unique_id": "demo-session", "username": user, "nas_ip_address": "10.80.0.11", "session_time": 1260,
			"input_octets": 8_400_000, "output_octets": 212_000_000, "called_station_id": at.MAC, "calling_station_id": "3C-22-FB-00-00-01", "framed_ip_address": "10.80.2.15", "nas_port_type": "Wireless-802.11"}},
	} {
		body, err := json.Marshal(q.body)
		if err != nil {
			return err
		}
		if err := d.post("/api/v1/freeradius/"+q.path, "application/json", header, body); err != nil {
			return err
		}
	}
	return nil
}

// post sends what others than people send.
func (d *demo) post(path, kind string, header map[string]string, body []byte) error {
	r, err := http.NewRequest(http.MethodPost, "http://"+d.address+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", kind)
	for name, value := range header {
		r.Header.Set(name, value)
	}
	answer, err := d.api.client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 1<<12))
	if err != nil {
		return err
	}
	if answer.StatusCode >= 300 {
		return fmt.Errorf("POST %s: %s: %s", path, answer.Status, text)
	}
	return nil
}
