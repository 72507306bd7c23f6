-- What the person has set in `vim.g.spark`, and what holds otherwise.

local M = {}

---@class spark.Options
---@field cmd? string[] how the server is started; else it is looked for
---@field renderer? 'own'|'builtin' who draws ghost text
---@field next_edit? boolean whether edits that follow are shown without being asked for
---@field commands? boolean whether tasks may ask to run commands
---@field settings? table settings of the server that differ from its config.toml

---@type spark.Options
local DEFAULTS = { renderer = 'own', next_edit = true, commands = false, settings = {} }

--- Return the options that hold now.
---@return spark.Options
function M.get()
  return vim.tbl_extend('force', DEFAULTS, vim.g.spark or {})
end

--- Return how the server is started, and where that was found.
---@return string[]? cmd, string found
function M.command()
  local set = M.get().cmd
  if set then
    return set, 'vim.g.spark.cmd'
  end
  local own = vim.fs.find('.venv/bin/spark-lsp', { upward = true, path = vim.fn.getcwd() })[1]
  if own and vim.fn.executable(own) == 1 then
    return { own, 'serve' }, own
  end
  if vim.fn.executable('spark-lsp') == 1 then
    return { 'spark-lsp', 'serve' }, vim.fn.exepath('spark-lsp')
  end
  return nil, 'nowhere'
end

--- Return how another of the program's subcommands is run.
---@param ... string
---@return string[]?
function M.program(...)
  local command = M.command()
  if not command then
    return nil
  end
  local program = {}
  for _, word in ipairs(command) do
    if word == 'serve' then
      break
    end
    program[#program + 1] = word
  end
  return vim.list_extend(program, { ... })
end

return M
