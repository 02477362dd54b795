package notificationssql_test

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/notifications"
	"github.com/wispwright/wispwright/notifications/notificationssql"
)

// nobody are accounts that are never asked about.
type nobody struct{ notifications.People }

// Of two changes of one line at once none is lost.
func TestChangesAtOnce(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		require.NoError(t, db.Migrate(t.Context(), notificationssql.Migrations()))
		stores, err := notificationssql.New(db)
		require.NoError(t, err)
		s, err := notifications.New(&entity.Base{Tx: db}, stores, notifications.Options{People: nobody{}})
		require.NoError(t, err)
		for range 30 {
			organization := wispwright.NewID()
			var both sync.WaitGroup
			begin := make(chan bool)
			for _, way := range [][2]notifications.Wish{{notifications.Want(true), {}}, {{}, notifications.Want(true)}} {
				both.Go(func() {
					<-begin
					_, err := s.ChooseForOrganization(context.Background(), organization, way[0], way[1])
					if err != nil {
						t.Error(err)
					}
				})
			}
			close(begin)
			both.Wait()
			c, err := s.OrganizationChoice(t.Context(), organization)
			require.NoError(t, err)
			require.NotNil(t, c.Web)
			require.NotNil(t, c.Email)
		}
	})
}
