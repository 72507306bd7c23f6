-- The edits that follow from the last change: shown where they are, jumped to, made one by one.
--
-- Owns the one that is shown. Those that are left are asked for again after each: the server keeps
-- them, moves them with later changes, and drops those that no longer fit.

local diff = require('spark.diff')
local options = require('spark.options')
local server = require('spark.server')

local M = {}

local SPACE = vim.api.nvim_create_namespace('spark.next')

---@type { edit: table, bufnr: integer, tick: integer }?
local shown
local asked = 0
---@type integer? the changedtick of the last edit that was made here
local made

local function clear()
  if shown and vim.api.nvim_buf_is_valid(shown.bufnr) then
    vim.api.nvim_buf_clear_namespace(shown.bufnr, SPACE, 0, -1)
  end
  shown = nil
end

local function show(edit)
  local bufnr = vim.uri_to_bufnr(edit.textDocument.uri)
  vim.fn.bufload(bufnr)
  shown = { edit = edit, bufnr = bufnr, tick = vim.api.nvim_buf_get_changedtick(bufnr) }
  diff.draw(SPACE, bufnr, { { range = edit.range, newText = edit.text } }, 'SparkNext')
end

--- Ask for what follows; `done` hears whether something does.
---@param done? fun(found: boolean)
function M.ask(done)
  local bufnr = vim.api.nvim_get_current_buf()
  local client = server.client(bufnr)
  if not client or require('spark.ghost').paused then
    return
  end
  asked = asked + 1
  local number, tick = asked, vim.api.nvim_buf_get_changedtick(bufnr)
  server.request(bufnr, 'textDocument/copilotInlineEdit', {
    textDocument = server.document(bufnr),
    position = server.position(client),
  }, function(result)
    if number ~= asked or vim.api.nvim_buf_get_changedtick(bufnr) ~= tick then
      return
    end
    clear()
    local edit = result and result.edits and result.edits[1]
    if edit then
      show(edit)
    end
    if done then
      done(edit ~= nil)
    end
  end)
end

--- Whether the cursor is where the edit that is shown is.
local function there(it)
  local row = vim.api.nvim_win_get_cursor(0)[1] - 1
  local range = it.edit.range
  return vim.api.nvim_get_current_buf() == it.bufnr
    and range.start.line <= row
    and row <= range['end'].line
end

local function jump(it)
  vim.cmd("normal! m'")
  if vim.api.nvim_get_current_buf() ~= it.bufnr then
    vim.cmd.buffer(it.bufnr)
  end
  local client = server.client(it.bufnr)
  local start = it.edit.range.start
  local column = client and server.column(it.bufnr, client, start) or 0
  vim.api.nvim_win_set_cursor(0, { start.line + 1, column })
end

local function make(it)
  clear()
  diff.apply(it.bufnr, { { range = it.edit.range, newText = it.edit.text } })
  made = vim.api.nvim_buf_get_changedtick(it.bufnr)
  server.run(it.bufnr, it.edit.command.command, it.edit.command.arguments)
  M.ask(function(found)
    if found and shown then
      jump(shown)
    end
  end)
end

--- Make the edit at the cursor, else go to the one that follows, else look for it.
function M.go()
  if shown and vim.api.nvim_buf_get_changedtick(shown.bufnr) ~= shown.tick then
    clear()
  end
  if not shown then
    M.ask(function(found)
      if found and shown then
        jump(shown)
      else
        server.say('nothing follows from the last change')
      end
    end)
  elseif there(shown) then
    make(shown)
  else
    jump(shown)
  end
end

--- Send the edit that is shown away; returns whether there was one.
---@return boolean
function M.dismiss()
  local it = shown
  if not it then
    return false
  end
  clear()
  server.run(it.bufnr, 'spark.reject', it.edit.command.arguments)
  return true
end

--- Follow what happens in a buffer.
---@param bufnr integer
function M.attach(bufnr)
  local group = vim.api.nvim_create_augroup('spark.next.' .. bufnr, {})
  vim.api.nvim_create_autocmd({ 'TextChanged', 'TextChangedI', 'TextChangedP' }, {
    group = group,
    buffer = bufnr,
    callback = function(event)
      if vim.api.nvim_buf_get_changedtick(bufnr) == made then
        return -- what follows is being asked for
      end
      asked = asked + 1
      clear()
      if event.event == 'TextChanged' and options.get().next_edit then
        M.ask()
      end
    end,
  })
  vim.api.nvim_create_autocmd('InsertLeave', {
    group = group,
    buffer = bufnr,
    callback = function()
      if options.get().next_edit then
        M.ask()
      end
    end,
  })
end

return M
