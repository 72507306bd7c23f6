-- Edits by instruction: asked for, watched while they are written, then kept or taken back.
--
-- Owns the one that is open. While it is shown the buffer is as it was; any change of it by the
-- person that meets the edit ends it.

local diff = require('spark.diff')
local server = require('spark.server')

local M = {}

local SPACE = vim.api.nvim_create_namespace('spark.edit')

---@class spark.Edit
---@field bufnr integer
---@field id? integer
---@field edits lsp.TextEdit[]
---@field tick integer
---@field ended boolean

---@type spark.Edit?
local open

local function close()
  if open and vim.api.nvim_buf_is_valid(open.bufnr) then
    vim.api.nvim_buf_clear_namespace(open.bufnr, SPACE, 0, -1)
  end
  open = nil
end

--- Have a range rewritten; rows count from 0, the last is one of it.
---@param first integer
---@param last integer
---@param instruction string
function M.start(first, last, instruction)
  local bufnr = vim.api.nvim_get_current_buf()
  close()
  local client = server.client(bufnr)
  if not client then
    server.say('no server is attached here: see :checkhealth spark', vim.log.levels.WARN)
    return
  end
  local line = vim.api.nvim_buf_get_lines(bufnr, last, last + 1, false)[1] or ''
  local it =
    { bufnr = bufnr, edits = {}, ended = false, tick = vim.api.nvim_buf_get_changedtick(bufnr) }
  open = it
  local function hears(value)
    if open ~= it or not value or not value.edits then
      return
    end
    if vim.api.nvim_buf_get_changedtick(bufnr) ~= it.tick then
      close()
      server.say('the text has changed since: ask again', vim.log.levels.WARN)
      return
    end
    it.id, it.edits = value.id or it.id, value.edits
    diff.draw(SPACE, bufnr, it.edits)
  end
  server.request(bufnr, 'spark/edit', {
    textDocument = server.document(bufnr),
    range = {
      start = { line = first, character = 0 },
      ['end'] = { line = last, character = vim.str_utfindex(line, client.offset_encoding) },
    },
    instruction = instruction,
    workDoneToken = 'spark-edit',
  }, function(result, err)
    if err then
      if open == it then
        close()
      end
      server.say(err.message, vim.log.levels.WARN)
      return
    end
    hears(result)
    it.ended = true
    if open == it and #it.edits == 0 then
      close()
      server.say('nothing is to be changed')
    end
  end, hears)
end

--- Make the edit that is shown; returns whether there was one.
---@return boolean
function M.keep()
  local it = open
  if not it or not it.ended then
    return false
  end
  close()
  if vim.api.nvim_buf_get_changedtick(it.bufnr) ~= it.tick then
    server.say('the text has changed since: ask again', vim.log.levels.WARN)
    return false
  end
  diff.apply(it.bufnr, it.edits)
  server.run(it.bufnr, 'spark.accept', { it.id })
  return true
end

--- Take the edit that is shown away, or stop it; returns whether there was one.
---@return boolean
function M.undo()
  local it = open
  if not it then
    return false
  end
  close()
  if not it.ended then
    server.request(it.bufnr, 'spark/interrupt', { id = it.id }, function() end)
  elseif it.id then
    server.run(it.bufnr, 'spark.reject', { it.id })
  end
  return true
end

--- Rewrite what a motion or a selection covers.
function M.operator()
  local first = vim.api.nvim_buf_get_mark(0, '[')[1] - 1
  local last = vim.api.nvim_buf_get_mark(0, ']')[1] - 1
  vim.ui.input({ prompt = 'What should it be? ' }, function(instruction)
    if instruction and instruction ~= '' then
      M.start(first, last, instruction)
    end
  end)
end

return M
