package server

import (
	"context"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/bulk"
	"github.com/wispwright/wispwright/controller/bulk/bulkhttp"
	"github.com/wispwright/wispwright/controller/bulk/bulksql"
	"github.com/wispwright/wispwright/ipam/xlsx"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/server/jobs"
)

// bulkAge is how long it is kept what was done with many devices.
const bulkAge = 90 * 24 * time.Hour

// mountBulk adds what is done with many devices: actions, import and export.
func (c *ControllerConcern) mountBulk(h *Host, recorder wispwright.Recorder, filters []rest.Filter[controller.DeviceFilter]) error {
	stores, err := bulksql.New(h.DB())
	if err != nil {
		return err
	}
	queue := bulkQueue{h.Jobs(), jobs.Kind[bulk.Job]{Name: "controller.bulk", Queue: "bulk", Workers: 2, Timeout: 10 * time.Minute}}
	if c.bulk, err = bulk.New(&entity.Base{Tx: h.DB(), Recorder: recorder, Tenants: entity.NoTenants{}}, stores, c.Controller, queue); err != nil {
		return err
	}
	if c.recovery != nil && c.Config.DeletedAge > 0 {
		c.bulk.AttachRecovery(c.recoverDevice)
	}
	h.Jobs().Add(queue.kind.Handle(c.bulk.Work))
	o := &bulkhttp.Options{Workbook: xlsx.Format{}, Filters: filters}
	if c.Tenancy != nil {
		o.OrganizationName = func(ctx context.Context, id wispwright.ID) (string, error) {
			t, err := c.Tenancy.Organizations.Tenant(ctx, id)
			if err != nil {
				return "", err
			}
			return t.Name, nil
		}
	}
	wire, err := bulkhttp.New(c.bulk, c.Controller, o)
	if err != nil {
		return err
	}
	wire.Mount(h.API())
	return nil
}

// bulkQueue queues tasks.
type bulkQueue struct {
	queue *jobs.Queue
	kind  jobs.Kind[bulk.Job]
}

// Enqueue implements bulk.Jobs.
func (q bulkQueue) Enqueue(ctx context.Context, job bulk.Job) error {
	return q.kind.Insert(ctx, q.queue, job)
}
