-- Ghost text: asks with every key, shows what comes while it grows, and takes it over.
--
-- Owns what is on screen at the cursor. What the person types along is drawn from what is known
-- already, before the server has answered; nothing is drawn that the buffer does not lead to.

local server = require('spark.server')

local M = {}

local SPACE = vim.api.nvim_create_namespace('spark.ghost')
local INSERT = { i = true, ic = true, ix = true }

---@class spark.Ghost
---@field bufnr integer
---@field row integer where the text begins, from 0
---@field column integer in bytes
---@field text string all of it
---@field item table as the server has sent it
---@field told boolean whether the server knows that it was shown

---@type spark.Ghost?
local ghost
---@type integer the newest request counts
local asked = 0
M.paused = false

local function erase(bufnr)
  if vim.api.nvim_buf_is_valid(bufnr) then
    vim.api.nvim_buf_clear_namespace(bufnr, SPACE, 0, -1)
  end
end

--- Take away what is shown.
function M.clear()
  if ghost then
    erase(ghost.bufnr)
    ghost = nil
  end
end

--- Return what is still to come of the ghost text, if it fits to what stands before the cursor.
---@param it spark.Ghost
---@return string?
local function rest(it)
  if it.bufnr ~= vim.api.nvim_get_current_buf() then
    return nil
  end
  local row, column = unpack(vim.api.nvim_win_get_cursor(0))
  row = row - 1
  if row < it.row or (row == it.row and column < it.column) then
    return nil
  end
  local typed = vim.api.nvim_buf_get_text(it.bufnr, it.row, it.column, row, column, {})
  local before = table.concat(typed, '\n')
  return vim.startswith(it.text, before) and it.text:sub(#before + 1) or nil
end

--- Show what fits; returns whether something is on screen.
---@return boolean
local function draw()
  if not ghost then
    return false
  end
  local left = rest(ghost)
  if not left or left == '' or not INSERT[vim.fn.mode()] then
    M.clear()
    return false
  end
  local row, column = unpack(vim.api.nvim_win_get_cursor(0))
  local lines = vim.split(left, '\n', { plain = true })
  local below = {}
  for at = 2, #lines do
    below[#below + 1] = { { lines[at] == '' and ' ' or lines[at], 'SparkGhost' } }
  end
  vim.api.nvim_buf_set_extmark(ghost.bufnr, SPACE, row - 1, column, {
    id = 1,
    virt_text = { { lines[1], 'SparkGhost' } },
    virt_text_pos = 'inline',
    virt_lines = #below > 0 and below or nil,
    hl_mode = 'combine',
  })
  if not ghost.told then
    ghost.told = true
    server.notify(ghost.bufnr, 'textDocument/didShowCompletion', { item = ghost.item })
  end
  return true
end

--- Take in what the server has for a place.
---@param bufnr integer
---@param client vim.lsp.Client
---@param result table?
local function take(bufnr, client, result)
  local items = result and result.items
  if not items then
    return -- what is shown may stay
  end
  local item = items[1]
  if not item then
    M.clear()
    return
  end
  local text = type(item.insertText) == 'table' and item.insertText.value or item.insertText
  local start = item.range.start
  ghost = {
    bufnr = bufnr,
    row = start.line,
    column = server.column(bufnr, client, start),
    text = text:gsub('\r\n?', '\n'),
    item = item,
    told = ghost ~= nil and ghost.told and vim.deep_equal(ghost.item.command, item.command),
  }
  draw()
end

--- Return what is chosen in the completion menu, as the server is told.
---@param client vim.lsp.Client
---@return table?
local function selected(client)
  local menu = vim.fn.complete_info({ 'selected', 'items', 'mode' })
  local chosen = menu.selected >= 0 and menu.items[menu.selected + 1]
  if not chosen then
    return nil
  end
  local row, column = unpack(vim.api.nvim_win_get_cursor(0))
  local before = vim.api.nvim_get_current_line():sub(1, column)
  local word = before:match('[%w_\128-\255]*$')
  local start = vim.str_utfindex(before, client.offset_encoding, #before - #word, false)
  return {
    range = {
      start = { line = row - 1, character = start },
      ['end'] = server.position(client),
    },
    text = chosen.word,
  }
end

--- Show what is known for the cursor, and ask for more.
---@param invoked? boolean whether the person has asked
function M.update(invoked)
  local bufnr = vim.api.nvim_get_current_buf()
  local client = server.client(bufnr)
  if M.paused or not client or not INSERT[vim.fn.mode()] then
    M.clear()
    return
  end
  draw()
  asked = asked + 1
  local number, tick = asked, vim.api.nvim_buf_get_changedtick(bufnr)
  local place = vim.api.nvim_win_get_cursor(0)
  local function hears(result)
    local here = vim.api.nvim_get_current_buf() == bufnr
      and vim.api.nvim_buf_get_changedtick(bufnr) == tick
      and vim.deep_equal(vim.api.nvim_win_get_cursor(0), place)
    if number == asked and here and INSERT[vim.fn.mode()] then
      take(bufnr, client, result)
    end
  end
  local params = {
    textDocument = { uri = vim.uri_from_bufnr(bufnr) },
    position = server.position(client),
    context = { triggerKind = invoked and 1 or 2, selectedCompletionInfo = selected(client) },
  }
  server.request(bufnr, 'textDocument/inlineCompletion', params, function(result, err)
    if not err then
      hears(result)
    end
  end, hears)
end

--- Return how much of a text is a word, a line, or all of it.
---@param text string
---@param what 'word'|'line'|'all'
---@return string
local function part(text, what)
  if what == 'word' then
    return text:match('^%s*[%w_\128-\255]+') or text:match('^%s*[^%w%s_]+') or text
  elseif what == 'line' then
    return text:match('^\n?[^\n]*')
  end
  return text
end

--- Put ghost text into the buffer; returns whether there was some.
---@param what? 'word'|'line'|'all'
---@return boolean
function M.accept(what)
  local it = ghost
  local left = it and rest(it)
  if not it or not left or left == '' then
    return false
  end
  local taken = part(left, what or 'all')
  local row, column = unpack(vim.api.nvim_win_get_cursor(0))
  local lines = vim.split(taken, '\n', { plain = true })
  -- What was typed before, and what is typed after, is undone apart from it.
  vim.go.undolevels = vim.go.undolevels
  vim.api.nvim_buf_set_text(it.bufnr, row - 1, column, row - 1, column, lines)
  vim.go.undolevels = vim.go.undolevels
  local last = #lines == 1 and column + #lines[1] or #lines[#lines]
  vim.api.nvim_win_set_cursor(0, { row - 1 + #lines, last })
  if #taken == #left then
    M.clear()
    server.run(it.bufnr, it.item.command.command, it.item.command.arguments)
  else
    local done = it.text:sub(1, #it.text - #left + #taken)
    if vim.bo[it.bufnr].fileformat == 'dos' then
      done = done:gsub('\n', '\r\n') -- as the server counts
    end
    local length = vim.str_utfindex(done, 'utf-16')
    server.notify(
      it.bufnr,
      'textDocument/didPartiallyAcceptCompletion',
      { item = it.item, acceptedLength = length }
    )
  end
  M.update()
  return true
end

--- Send away what is shown, so that it does not come back here.
---@return boolean
function M.dismiss()
  local it = ghost
  if not it then
    return false
  end
  asked = asked + 1
  M.clear()
  server.run(it.bufnr, 'spark.reject', it.item.command.arguments)
  return true
end

--- Whether something is on screen.
---@return boolean
function M.visible()
  return ghost ~= nil
end

--- Follow what happens in a buffer.
---@param bufnr integer
function M.attach(bufnr)
  local group = vim.api.nvim_create_augroup('spark.ghost.' .. bufnr, {})
  local function on(events, act)
    vim.api.nvim_create_autocmd(events, { group = group, buffer = bufnr, callback = act })
  end
  local seen
  on(
    { 'InsertEnter', 'TextChangedI', 'TextChangedP', 'CursorMovedI', 'CompleteChanged' },
    function(event)
      -- A key moves the cursor too: it is one question. The choice in the menu changes no text.
      local now = {
        vim.api.nvim_buf_get_changedtick(bufnr),
        vim.api.nvim_win_get_cursor(0),
        event.event == 'CompleteChanged' and vim.v.event.completed_item.word or nil,
      }
      if event.event == 'InsertEnter' then
        seen = nil
        vim.schedule(M.update) -- the mode has not changed yet
      elseif not vim.deep_equal(now, seen) then
        seen = now
        M.update()
      end
    end
  )
  on({ 'InsertLeave', 'BufLeave' }, function()
    asked = asked + 1
    M.clear()
  end)
  M.update() -- the person may be typing already
end

return M
