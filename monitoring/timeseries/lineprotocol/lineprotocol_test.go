package lineprotocol_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/monitoring/timeseries"
	"github.com/wispwright/wispwright/monitoring/timeseries/lineprotocol"
)

func TestAppend(t *testing.T) {
	at := time.Unix(1732270000, 123456789)
	tags := timeseries.TagsOf(map[string]string{"a b": "c,d=e\nf", "end": `x\`}).All()
	fields := []timeseries.Field{{Name: "null"}, {Name: "i", Value: timeseries.Int(-5)}, {Name: "f", Value: timeseries.Float(9.729419481797308)},
		{Name: "t=,", Value: timeseries.Text("\"q\" \\ \n,")}, {Name: "b", Value: timeseries.Bool(true)}}
	got := string(lineprotocol.Append(nil, "m n,", tags, fields, at, time.Microsecond))
	require.Equal(t, `m\ n\,,a\ b=c\,d\=e\nf,end=x i=-5i,f=9.729419481797308,t\=\,="\"q\" \\ `+"\n"+`,",b=true 1732270000123456`+"\n", got)
	require.Contains(t, string(lineprotocol.Append(nil, "m", nil, fields[1:2], at, time.Nanosecond)), "m i=-5i 1732270000123456789\n")
}
