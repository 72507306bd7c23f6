-- What a person's own configuration calls.

local M = {}

--- Take over ghost text; returns whether there was some.
---@param what? 'word'|'line'|'all'
---@return boolean
function M.accept(what)
  if require('spark.options').get().renderer == 'builtin' then
    return vim.lsp.inline_completion.get()
  end
  return require('spark.ghost').accept(what)
end

--- Return the keys that take over ghost text, or others where there is none: for a mapping of
--- Tab, with `expr = true`.
---@param otherwise string
---@return string
function M.tab(otherwise)
  if require('spark.options').get().renderer == 'builtin' then
    return vim.lsp.inline_completion.get() and '' or otherwise
  end
  return require('spark.ghost').visible() and '<Cmd>Spark accept<CR>' or otherwise
end

--- Send ghost text away; returns whether there was some.
---@return boolean
function M.dismiss()
  return require('spark.ghost').dismiss()
end

--- Return how things stand with what is written at the cursor, in a word.
local function standing()
  local status = require('spark.server').status
  if require('spark.ghost').paused then
    return 'Spark paused'
  elseif status.kind == 'Normal' then
    return status.busy and 'Spark …' or 'Spark'
  elseif status.kind == 'Inactive' then
    return 'Spark off'
  end
  return 'Spark ' .. (status.kind == 'Error' and '✗' or '!')
end

--- Return how things stand, in a few words for a status line.
---@return string
function M.statusline()
  local tasks = require('spark.tasks').summary()
  return standing() .. (tasks ~= '' and ' · ' .. tasks or '')
end

return M
