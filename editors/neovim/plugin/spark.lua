-- What is there before anything is asked for: one command, mappings to map to, and groups of colour.

if vim.g.loaded_spark then
  return
end
vim.g.loaded_spark = true

for group, link in pairs({
  SparkGhost = 'ComplHint',
  SparkAdd = 'DiffAdd',
  SparkDelete = 'DiffDelete',
  SparkNext = 'DiagnosticVirtualTextHint',
  SparkConflict = 'DiagnosticVirtualTextWarn',
  SparkAsk = 'DiagnosticVirtualTextWarn',
}) do
  vim.api.nvim_set_hl(0, group, { link = link, default = true })
end

vim.api.nvim_create_user_command('Spark', function(arguments)
  require('spark.command').run(arguments)
end, {
  nargs = '+',
  bang = true,
  range = true,
  desc = 'Completion, edits and their server',
  complete = function(lead, line)
    return require('spark.command').complete(lead, line)
  end,
})

local function plug(modes, name, act)
  vim.keymap.set(modes, '<Plug>(spark-' .. name .. ')', act, { silent = true })
end

for name, what in pairs({ accept = 'all', ['accept-word'] = 'word', ['accept-line'] = 'line' }) do
  plug('i', name, function()
    require('spark').accept(what)
  end)
end
plug('i', 'dismiss', function()
  require('spark').dismiss()
end)
plug({ 'n', 'i' }, 'next', function()
  require('spark.next').go()
end)
plug({ 'n', 'i' }, 'steer', function()
  require('spark.command').run({ fargs = { 'steer' } })
end)
plug({ 'n', 'i' }, 'interrupt', function()
  require('spark.command').run({ fargs = { 'interrupt' } })
end)
plug('n', 'take', function()
  require('spark.review').decide('task')
end)
plug('n', 'take-both', function()
  require('spark.review').decide('both')
end)
plug('n', 'leave', function()
  require('spark.review').decide('leave')
end)
vim.keymap.set({ 'n', 'x' }, '<Plug>(spark-edit)', function()
  vim.o.operatorfunc = "v:lua.require'spark.edit'.operator"
  return 'g@'
end, { expr = true, silent = true })

-- Nothing of the plugin is loaded before a server of it is there.
vim.api.nvim_create_autocmd('LspAttach', {
  group = vim.api.nvim_create_augroup('spark', {}),
  callback = function(event)
    local client = vim.lsp.get_client_by_id(event.data.client_id)
    if client and client.name == 'spark' then
      require('spark.server').attached(event.buf)
    end
  end,
})
