package controller

import (
	"context"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/variable"
	"github.com/wispwright/wispwright/kit/memstore"
)

type memoryVariables struct {
	*memstore.Repo[wispwright.ID, variable.Value, variable.Filter]
	of memoryNamers
}

var _ variable.Store = (*memoryVariables)(nil)

// memoryNamers are what names values.
type memoryNamers struct {
	configs   ConfigStore
	templates TemplateStore
	groups    GroupStore
	settings  SettingsStore
	versions  VersionStore
}

func newMemoryVariables(m *memstore.Store, of memoryNamers) *memoryVariables {
	return &memoryVariables{memstore.NewRepo[wispwright.ID, variable.Value, variable.Filter](m, memstore.Spec[variable.Value]{Shape: variable.Value{}.Shape()}), of}
}

// Prune implements variable.Store.
func (s *memoryVariables) Prune(ctx context.Context, before time.Time) (int, error) {
	named, err := s.of.named(ctx)
	if err != nil {
		return 0, err
	}
	kept := map[wispwright.ID]bool{}
	for _, j := range named {
		list, err := variable.Parse(j)
		if err != nil {
			return 0, err
		}
		for _, d := range list {
			kept[d.Value] = true
		}
	}
	return s.DeleteWhere(ctx, func(v *variable.Value) bool { return v.Created.Before(before) && !kept[v.ID] })
}

// named is everything that is declared, and what versions are made of.
func (n memoryNamers) named(ctx context.Context) (out []wispwright.JSON, err error) {
	all, everything := wispwright.ScopeAll(), wispwright.Page{NoTotal: true}
	configs, err := n.configs.List(ctx, all, ConfigFilter{}, everything)
	if err != nil {
		return nil, err
	}
	templates, err := n.templates.List(ctx, all, TemplateFilter{}, everything)
	if err != nil {
		return nil, err
	}
	groups, err := n.groups.List(ctx, all, GroupFilter{}, everything)
	if err != nil {
		return nil, err
	}
	settings, err := n.settings.List(ctx, all, SettingsFilter{}, everything)
	if err != nil {
		return nil, err
	}
	versions, err := n.versions.List(ctx, all, VersionFilter{}, everything)
	for _, o := range configs.Rows {
		out = append(out, o.Declared)
	}
	for _, o := range templates.Rows {
		out = append(out, o.Declared)
	}
	for _, o := range groups.Rows {
		out = append(out, o.Declared)
	}
	for _, o := range settings.Rows {
		out = append(out, o.Declared)
	}
	for _, o := range versions.Rows {
		out = append(out, o.Secrets)
	}
	return out, err
}
