package controllerhttp_test

import (
	"testing"

	"github.com/wispwright/wispwright/controller"
)

func eachStorage(t *testing.T, options *controller.Options, test func(t *testing.T, s *server)) {
	t.Run("memory", func(t *testing.T) { test(t, newMemoryServer(t, options)) })
}
