package server

var _ WithCommands = (*ControllerConcern)(nil)

// Commands implements WithCommands.
func (c *ControllerConcern) Commands() []any {
	return []any{&struct {
		Device struct {
			Clear clearLastIP `cmd:"" name:"clear-last-ip" help:"Empty the last address of active devices without WHOIS details, so that their next request has it looked up (clear_last_ip)."`
		} `cmd:"" name:"device" help:"Devices."`
		Variable     variableCommands  `cmd:"" name:"variable" help:"Variables of configurations."`
		Dependencies printDependencies `cmd:"" name:"dependencies" help:"List whose configurations are rendered anew when something changes, and of how many devices (print_cache_dependencies)."`
		Deleted      struct {
			List    listDeleted    `cmd:"" help:"List deleted devices and templates that can come back."`
			Recover recoverDeleted `cmd:"" help:"Bring a deleted device or template back."`
		} `cmd:"" name:"deleted" help:"Deleted devices and templates."`
	}{}}
}
