// Package monitoring takes in what devices tell of themselves, keeps it as time series,
// and answers with charts: registries of metrics and charts as values, the reading
// of NetJSON DeviceMonitoring documents, WiFi clients and their sessions (spec:
// monitoring).
package monitoring
