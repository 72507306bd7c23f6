-- A proposal beside the text of the person: a tab with one file at a time, as a diff.
--
-- Owns the tab, its two windows and what is drawn in them. Left is the person's own buffer, right
-- is what it will be with what has been decided so far; nothing of the right is ever written back.

local proposal = require('spark.proposal')

local M = {}

local SPACE = vim.api.nvim_create_namespace('spark.review')
local GROUP = vim.api.nvim_create_augroup('spark.review', {})
local SIGNS = { task = '+', both = '+', leave = '-' }

---@type { tab: integer, left: integer, right: integer, file?: table, changes: spark.Proposed[] }?
local view
---@type table<string, integer> buffers that hold what files will be, by path
local merged = {}
---@type integer? stands where the person has nothing
local nothing
---@type table<spark.Proposed, { [1]: integer, [2]: integer }>
local spans = {}

local function scratch(name)
  local bufnr = vim.api.nvim_create_buf(false, true)
  if name then
    vim.api.nvim_buf_set_name(bufnr, name)
  end
  vim.bo[bufnr].modifiable = false
  return bufnr
end

--- Return the person's buffer of a file, if there is such a file.
---@param file table
---@return integer?
function M.person(file)
  local name = vim.uri_to_fname(file.uri)
  local bufnr = proposal.buffer(file.uri)
  local open = bufnr and vim.api.nvim_buf_is_loaded(bufnr)
  local new = file.kind == 'added' and file.objection == ''
  if not open and (new or not vim.uv.fs_stat(name)) then
    return nil
  end
  return vim.uri_to_bufnr(file.uri)
end

--- Return the buffer that holds what a file will be.
---@param file table
---@return integer
function M.merged(file)
  local bufnr = merged[file.path]
  if not bufnr or not vim.api.nvim_buf_is_valid(bufnr) then
    bufnr = scratch('spark://review/' .. file.path)
    vim.bo[bufnr].syntax = vim.filetype.match({ filename = file.target or file.path }) or ''
    merged[file.path] = bufnr
  end
  return bufnr
end

local function of(file)
  return vim.tbl_filter(function(change)
    return change.file.path == file.path
  end, view and view.changes or {})
end

local function sign(change)
  return SIGNS[change.choice] or (change.conflict and '!' or '?')
end

--- Return what a conflict does not show otherwise: the task's lines, or what would become of a file.
local function withheld(change)
  if not change.conflict or change.choice then
    return nil
  end
  local told = { change.file.objection, proposal.outcome(change) }
  if change.hunk then
    told = vim.list_extend({ 'the task has here:' }, change.hunk.task)
  end
  local lines = {}
  for _, line in ipairs(told) do
    lines[#lines + 1] = { { line == '' and ' ' or line, 'SparkConflict' } }
  end
  return lines
end

local function mark(bufnr, change, first, last, more)
  local most = vim.api.nvim_buf_line_count(bufnr)
  vim.api.nvim_buf_set_extmark(
    bufnr,
    SPACE,
    math.min(first, most - 1),
    0,
    vim.tbl_extend('force', {
      end_row = math.min(math.max(last - 1, first), most - 1),
      sign_text = sign(change),
      sign_hl_group = change.conflict and 'SparkConflict' or 'SparkNext',
      strict = false,
    }, more)
  )
end

--- Draw what is shown anew, as it has been decided by now.
function M.draw()
  if not view or not view.file then
    return
  end
  local file, person, bufnr = view.file, M.person(view.file), M.merged(view.file)
  local mine = person and vim.api.nvim_buf_get_lines(person, 0, -1, false) or {}
  local changes = of(file)
  local lines
  lines, spans = proposal.merged(mine, changes)
  vim.bo[bufnr].modifiable = true
  vim.api.nvim_buf_set_lines(bufnr, 0, -1, false, lines)
  vim.bo[bufnr].modifiable = false
  vim.bo[bufnr].modified = false
  vim.api.nvim_buf_clear_namespace(bufnr, SPACE, 0, -1)
  if person then
    vim.api.nvim_buf_clear_namespace(person, SPACE, 0, -1)
  end
  for _, change in ipairs(changes) do
    local span = spans[change] or { 0, 0 }
    local told = { { proposal.label(change), 'Comment' } }
    local below = withheld(change)
    mark(bufnr, change, span[1], span[2], { virt_text = told, virt_lines = below })
    if person and change.hunk then
      mark(person, change, change.first, change.first + #change.hunk.person, {})
    end
  end
  vim.cmd.diffupdate()
end

local function in_diff(window, bufnr)
  vim.api.nvim_win_call(window, function()
    vim.cmd.diffoff()
    vim.api.nvim_win_set_buf(window, bufnr)
    vim.cmd.diffthis()
    vim.wo[window][0].signcolumn = 'yes'
  end)
end

--- Show the file of a change, with the cursor at it.
---@param change spark.Proposed
function M.show(change)
  if not view then
    return
  end
  local file = change.file
  local person = M.person(file)
  if person then
    vim.fn.bufload(person)
  end
  view.file = file
  in_diff(view.left, person or nothing --[[@as integer]])
  in_diff(view.right, M.merged(file))
  M.draw()
  local span = spans[change] or { 0, 0 }
  local function go(window, row)
    local most = vim.api.nvim_buf_line_count(vim.api.nvim_win_get_buf(window))
    vim.api.nvim_win_set_cursor(window, { math.min(row + 1, most), 0 })
  end
  go(view.left, person and change.first or 0)
  go(view.right, span[1])
end

--- Keep to both sides of one file, whatever a jump has put into a window.
local function kept(window, bufnr)
  if not view or (window ~= view.left and window ~= view.right) then
    return
  end
  local row = vim.api.nvim_win_get_cursor(window)[1] - 1
  local near, least
  for _, change in ipairs(view.changes) do
    if bufnr == M.merged(change.file) or bufnr == M.person(change.file) then
      local far = math.abs(change.first - row)
      if not least or far < least then
        near, least = change, far
      end
    end
  end
  if near and not (view.file == near.file and vim.api.nvim_win_get_buf(view.right) ~= bufnr) then
    M.show(near)
  end
end

--- Open the tab; `ended` is told when the person closes it.
---@param changes spark.Proposed[]
---@param ended fun()
function M.open(changes, ended)
  M.close()
  nothing = nothing and vim.api.nvim_buf_is_valid(nothing) and nothing or scratch()
  vim.cmd('tab split')
  local left = vim.api.nvim_get_current_win()
  vim.cmd('rightbelow vsplit')
  local right = vim.api.nvim_get_current_win()
  vim.cmd('botright copen')
  vim.api.nvim_win_set_height(0, math.max(3, math.min(#changes, math.floor(vim.o.lines / 4))))
  vim.api.nvim_set_current_win(left)
  local tab = vim.api.nvim_get_current_tabpage()
  view = { tab = tab, left = left, right = right, changes = changes }
  vim.api.nvim_create_autocmd('BufWinEnter', {
    group = GROUP,
    callback = function(event)
      local window = vim.api.nvim_get_current_win()
      vim.schedule(function()
        if vim.api.nvim_win_is_valid(window) and vim.api.nvim_win_get_buf(window) == event.buf then
          kept(window, event.buf)
        end
      end)
    end,
  })
  vim.api.nvim_create_autocmd('WinClosed', {
    group = GROUP,
    pattern = { tostring(left), tostring(right) },
    callback = function()
      vim.schedule(function()
        if view and view.left == left then
          M.close()
          ended()
        end
      end)
    end,
  })
end

--- Show other changes from now on, those of a later result.
---@param changes spark.Proposed[]
function M.renew(changes)
  if view then
    view.changes = changes
  end
end

--- Close the tab, and leave no trace in buffers of the person.
function M.close()
  local it = view
  view = nil
  vim.api.nvim_clear_autocmds({ group = GROUP })
  if not it then
    return
  end
  for _, change in ipairs(it.changes) do
    local person = M.person(change.file)
    if person and vim.api.nvim_buf_is_loaded(person) then
      vim.api.nvim_buf_clear_namespace(person, SPACE, 0, -1)
    end
  end
  for _, window in ipairs({ it.left, it.right }) do
    if vim.api.nvim_win_is_valid(window) then
      vim.api.nvim_win_call(window, vim.cmd.diffoff)
    end
  end
  if vim.api.nvim_tabpage_is_valid(it.tab) and #vim.api.nvim_list_tabpages() > 1 then
    vim.cmd.tabclose(vim.api.nvim_tabpage_get_number(it.tab))
  end
  for _, bufnr in pairs(merged) do
    if vim.api.nvim_buf_is_valid(bufnr) then
      vim.api.nvim_buf_delete(bufnr, { force = true })
    end
  end
  merged = {}
end

--- Return the change at the cursor, in one of the two windows.
---@return spark.Proposed?
function M.at()
  local window = vim.api.nvim_get_current_win()
  if not view or not view.file or (window ~= view.left and window ~= view.right) then
    return nil
  end
  local row = vim.api.nvim_win_get_cursor(window)[1] - 1
  local whole
  for _, change in ipairs(of(view.file)) do
    local first, last = change.first, change.first
    if not change.hunk then
      whole = change
    else
      last = first + #change.hunk.person
      if window == view.right then
        first, last = unpack(spans[change] or { -1, -1 })
      end
      -- What comes in between two lines, or has gone from there, is at both.
      if row >= (first == last and first - 1 or first) and row < math.max(last, first + 1) then
        return change
      end
    end
  end
  return whole
end

return M
