// Package connection reaches devices from the server: it keeps their access
// credentials, tells devices to fetch a changed configuration at once (a push),
// and runs commands on one device or on many (spec: connection; additions C-6).
//
// New makes the concern over the devices of package controller. Each way of
// reaching devices is a value: a ConnectorType says what parameters it takes
// and holds a Connector, a Strategy how a device is told of a new
// configuration, a CommandType what people may run. Everything that waits for a
// device is a job, so that no caller does.
package connection
