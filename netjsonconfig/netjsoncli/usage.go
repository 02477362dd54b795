package netjsoncli

const usage = `usage: netjsonconfig [-h] [--config CONFIG]
                     [--templates [TEMPLATES ...]] [--native NATIVE]
                     --backend BACKEND
                     --method {render,generate,write,validate,json}
                     [--args [ARGS ...]] [-v | --verbose] [--version]`

const help = `
Converts a NetJSON DeviceConfiguration to native router configurations and back.
The environment is the context of variables.

  -c, --config CONFIG      NetJSON text or the name of a file
  -t, --templates T ...    NetJSON texts or files, the lowest layer first
  -n, --native FILE        native configuration to convert to NetJSON
  -b, --backend BACKEND    the native format
  -m, --method METHOD      render: print native configuration
                           generate: print a tar.gz archive
                           write: write NAME.tar.gz (-a name=NAME path=DIR)
                           validate: print nothing, or what is wrong
                           json: print the merged NetJSON
  -a, --args K=V ...       arguments of the method: files=False, indent=4 ...
  -v, --verbose            print the details of a schema violation, and on the
                           standard error what of native configuration is kept
                           raw, changed or dropped
      --version            print the version and exit, as -v alone does
  -h, --help               print this help and exit
`
