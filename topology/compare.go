package topology

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
)

// Picture is what a document shows, as far as two of them are compared.
type Picture struct {
	// Nodes are what nodes are called by their id.
	Nodes map[string]string
	// Links are by their ends, the lesser id first.
	Links map[[2]string]PictureLink
}

// PictureLink is a link of a Picture.
type PictureLink struct {
	// Source and Target are the ids of its nodes.
	Source, Target string
	// Cost and Status are as in Link.
	Cost   float64
	Status string
}

// ReadPicture takes a document apart, as Graph.Document makes it.
func ReadPicture(document []byte) (*Picture, error) {
	var d struct {
		Nodes []struct {
			ID    json.RawMessage `json:"id"`
			Label string          `json:"label"`
		} `json:"nodes"`
		Links []struct {
			Source     json.RawMessage `json:"source"`
			Target     json.RawMessage `json:"target"`
			Cost       float64         `json:"cost"`
			Properties struct {
				Status string `json:"status"`
			} `json:"properties"`
		} `json:"links"`
	}
	if err := json.Unmarshal(document, &d); err != nil {
		return nil, fmt.Errorf("read a document: %w", err)
	}
	p := &Picture{Nodes: make(map[string]string, len(d.Nodes)), Links: make(map[[2]string]PictureLink, len(d.Links))}
	for _, n := range d.Nodes {
		p.Nodes[rawText(n.ID)] = n.Label
	}
	for _, l := range d.Links {
		link := PictureLink{rawText(l.Source), rawText(l.Target), l.Cost, l.Properties.Status}
		key := [2]string{min(link.Source, link.Target), max(link.Source, link.Target)}
		if have, twice := p.Links[key]; !twice || have.Status != Up { // of several one that is up
			p.Links[key] = link
		}
	}
	return p, nil
}

func rawText(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

// The kinds of differences between two pictures.
const (
	// Added: only the later picture has it.
	Added = "added"
	// Removed: only the earlier picture has it.
	Removed = "removed"
	// WentUp and WentDown are links that changed their status.
	WentUp   = "up"
	WentDown = "down"
	// CostChanged are links that cost something else.
	CostChanged = "cost"
	// Renamed are nodes that are called otherwise.
	Renamed = "renamed"
)

// NodeDifference is what became of a node.
type NodeDifference struct {
	// Kind is Added, Removed or Renamed.
	Kind string
	// ID is its id, Label what it is called, Before what it was called.
	ID, Label, Before string
}

// LinkDifference is what became of a link.
type LinkDifference struct {
	// Kind is Added, Removed, WentUp, WentDown or CostChanged.
	Kind string
	// PictureLink is as it is now, or was when it is gone.
	PictureLink
	// Before is what it cost.
	Before float64
}

// Difference is what changed between two pictures, sorted by ids.
type Difference struct {
	Nodes []NodeDifference
	Links []LinkDifference
}

// Compare tells what changed from one picture to another.
func Compare(before, after *Picture) *Difference {
	d := &Difference{}
	for id, label := range after.Nodes {
		was, known := before.Nodes[id]
		switch {
		case !known:
			d.Nodes = append(d.Nodes, NodeDifference{Added, id, label, ""})
		case was != label:
			d.Nodes = append(d.Nodes, NodeDifference{Renamed, id, label, was})
		}
	}
	for id, label := range before.Nodes {
		if _, known := after.Nodes[id]; !known {
			d.Nodes = append(d.Nodes, NodeDifference{Removed, id, label, label})
		}
	}
	for key, l := range after.Links {
		was, known := before.Links[key]
		switch {
		case !known:
			d.Links = append(d.Links, LinkDifference{Added, l, l.Cost})
		case was.Status != l.Status && l.Status == Down:
			d.Links = append(d.Links, LinkDifference{WentDown, l, was.Cost})
		case was.Status != l.Status:
			d.Links = append(d.Links, LinkDifference{WentUp, l, was.Cost})
		case was.Cost != l.Cost:
			d.Links = append(d.Links, LinkDifference{CostChanged, l, was.Cost})
		}
	}
	for key, l := range before.Links {
		if _, known := after.Links[key]; !known {
			d.Links = append(d.Links, LinkDifference{Removed, l, l.Cost})
		}
	}
	slices.SortFunc(d.Nodes, func(a, b NodeDifference) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(d.Links, func(a, b LinkDifference) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Target, b.Target))
	})
	return d
}
