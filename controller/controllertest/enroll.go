package controllertest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
)

// runEnrollUnchanged checks that nothing is stored of what changed meanwhile.
func runEnrollUnchanged(t *testing.T, s Storage) {
	ctx := context.Background()
	first, second, decided := template(60, 1), template(61, 1), settings(1)
	insert(t, s.Stores.Templates.Insert, first, second)
	insert(t, s.Stores.Settings.Insert, decided)
	for name, tt := range map[string]struct {
		change func(c *controller.Config, v *controller.Version, o *controller.Settings)
		want   bool
	}{
		"nothing":         {func(*controller.Config, *controller.Version, *controller.Settings) {}, true},
		"settings":        {func(_ *controller.Config, _ *controller.Version, o *controller.Settings) { o.RevisionID = id(9001) }, false},
		"no organization": {func(_ *controller.Config, _ *controller.Version, o *controller.Settings) { o.OrganizationID = id(9002) }, false},
		"template":        {func(_ *controller.Config, v *controller.Version, _ *controller.Settings) { v.Revisions[1] = id(9003) }, false},
		"another's content": {func(_ *controller.Config, v *controller.Version, _ *controller.Settings) {
			v.Revisions[1] = v.Revisions[0]
		}, false},
		"template gone": {func(c *controller.Config, _ *controller.Version, _ *controller.Settings) { c.Templates[0] = id(9004) }, false},
		"without templates": {func(c *controller.Config, v *controller.Version, _ *controller.Settings) {
			c.Templates, v.Revisions = nil, nil
		}, true},
	} {
		d, c, v, o := device(60, 1), config(60, 1, second.ID, first.ID), version(60, 60), *decided
		v.Revisions = []wispwright.ID{second.RevisionID, first.RevisionID}
		tt.change(c, v, &o)
		stored, err := s.Stores.Devices.EnrollUnchanged(ctx, d, c, v, &o)
		require.NoError(t, err, name)
		require.Equal(t, tt.want, stored, name)
		got, err := s.Stores.Devices.Detail(ctx, all(), d.ID)
		_, verr := s.Stores.Versions.Get(ctx, all(), v.ID)
		if !tt.want {
			require.ErrorIs(t, err, wispwright.ErrNotFound, name)
			require.ErrorIs(t, verr, wispwright.ErrNotFound, name)
			continue
		}
		require.NoError(t, err, name)
		require.NoError(t, verr, name)
		require.Equal(t, &controller.Detail{Device: d, Config: c}, got, name)
		using, err := s.Stores.Configs.List(ctx, all(), controller.ConfigFilter{TemplateID: first.ID}, wispwright.Page{})
		require.NoError(t, err)
		require.Len(t, using.Rows, min(1, len(c.Templates)), name)
		stored, err = s.Stores.Devices.EnrollUnchanged(ctx, device(60, 1), c, v, &o)
		var conflict *wispwright.ConflictError
		require.ErrorAs(t, err, &conflict, name)
		require.False(t, stored, name)
		require.NoError(t, s.Stores.Devices.Delete(ctx, all(), d.ID))
	}
	for _, o := range []wispwright.ID{first.ID, second.ID} {
		require.NoError(t, s.Stores.Templates.Delete(ctx, all(), o))
	}
	require.NoError(t, s.Stores.Settings.Delete(ctx, all(), decided.OrganizationID))
}
