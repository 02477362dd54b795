package enrol

import (
	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/memstore"
)

// NewMemory returns stores that keep everything in memory.
func NewMemory(m *memstore.Store) Stores {
	return Stores{
		Codes:   memstore.NewRepo[wispwright.ID, Code, CodeFilter](m, memstore.Spec[Code]{Shape: Code{}.Shape()}),
		Batches: memstore.NewRepo[wispwright.ID, Batch, BatchFilter](m, memstore.Spec[Batch]{Shape: Batch{}.Shape()}),
		Papers:  memstore.NewRepo[wispwright.ID, Paper, PaperFilter](m, memstore.Spec[Paper]{Shape: Paper{}.Shape()}),
		Members: memstore.NewRepo[wispwright.ID, Member, MemberFilter](m, memstore.Spec[Member]{Shape: Member{}.Shape()}),
	}
}
