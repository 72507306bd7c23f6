-- The configuration of the server, as `vim.lsp.enable('spark')` finds it.

return require('spark.server').config()
