package moving

import (
	"context"
	"slices"
	"strings"
)

// elsewhere are tables of which nothing is to be taken: Django's own, those of
// SpatiaLite and PostGIS, and those that others name rows of.
func elsewhere(table string) bool {
	for _, prefix := range []string{"django_", "sqlite_", "spatial", "geometry_columns", "views_geometry", "virts_geometry", "vector_layers", "idx_", "data_licenses", "sql_statements_log", "ElementaryGeometries", "SpatialIndex", "KNN", "raster", "metric_collection_"} {
		if strings.HasPrefix(table, prefix) {
			return true
		}
	}
	return slices.Contains([]string{"auth_permission", "auth_group_permissions", "account_emailconfirmation", "pg_stat_statements"}, table)
}

// tellUntouched tells which tables have rows that no part reads.
func (i *importer) tellUntouched(ctx context.Context) error {
	for _, table := range slices.Sorted(slices.Values(i.source.tables)) {
		if elsewhere(table) || i.source.read[table] {
			continue
		}
		n, err := i.source.count(ctx, table)
		if err != nil {
			return err
		}
		if n > 0 {
			i.report.notice("%d rows of %s are not taken over", n, table)
		}
	}
	return nil
}
