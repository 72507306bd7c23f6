-- The list of tasks: a buffer that says how each stands, with keys for what can be done.
--
-- Owns that buffer. It is drawn anew with whatever the server tells; the cursor stays at what it was
-- at, so that no key is ever about something else than what the person has read.

local server = require('spark.server')
local tasks = require('spark.tasks')

local M = {}

local NAME = 'spark://tasks'
local SPACE = vim.api.nvim_create_namespace('spark.board')
local KEYS = {
  '<CR> review   s steer   i interrupt   x remove   q close',
  'on what is asked: a run it once   r refuse',
}
local STEPS = { done = '[x]', running = '[>]', pending = '[ ]' }

---@class spark.Told what a line is about
---@field task string
---@field question? string
---@field row integer which of the lines about it

---@type integer?
local board
---@type table<integer, spark.Told> by line
local about = {}

--- Return what is said of a task, each line with the question that it belongs to, if it does.
local function told(task)
  local where = task.elsewhere and task.alive and ' elsewhere' or ''
  local title = ('%s%s: %s (%s)'):format(task.state, where, tasks.title(task, 50), task.taskId)
  local lines = { { title } }
  local function add(question, format, ...)
    local text = format:format(...):gsub('\n', ' ')
    lines[#lines + 1] = { '    ' .. text, question }
  end
  if task.message ~= '' then
    add(nil, '%s', task.message)
  end
  for _, step in ipairs(task.steps) do
    add(nil, '%s %s', STEPS[step.status], step.text)
  end
  if task.alive then
    add(nil, 'now: %s', task.doing)
  end
  if #task.written > 0 then
    add(nil, 'written: %s', table.concat(task.written, ', '))
  end
  for _, question in ipairs(task.asks) do
    -- In full, line by line: it is read here by who allows it.
    for row, line in ipairs(vim.split(question.what, '\n', { plain = true })) do
      add(question.id, row == 1 and 'asks to run: %s' or '             %s', line)
    end
    if question.reason ~= '' then
      add(question.id, 'it says: %s', question.reason)
    end
    local keys = task.elsewhere and 'to be answered there' or 'a run it once   r refuse'
    add(question.id, '%s', keys)
  end
  for _, note in ipairs(task.notes) do
    add(nil, 'note: %s', note)
  end
  return lines
end

--- Return the line that is about the same as one that was drawn before.
local function same(before)
  local title
  for line, it in pairs(about) do
    if before and it.task == before.task then
      if it.question == before.question and it.row == before.row then
        return line
      elseif not it.question and it.row == 1 then
        title = line
      end
    end
  end
  return title
end

--- Draw all of it, if it is there.
function M.draw()
  if not board or not vim.api.nvim_buf_is_loaded(board) then
    return
  end
  local lines = { KEYS[1], KEYS[2], '' }
  local before = about
  about = {}
  for _, task in ipairs(tasks.all()) do
    local rows = {}
    for _, it in ipairs(told(task)) do
      local text, question = unpack(it)
      lines[#lines + 1] = text
      rows[question or ''] = (rows[question or ''] or 0) + 1
      about[#lines] = { task = task.taskId, question = question, row = rows[question or ''] }
    end
  end
  if not next(about) then
    lines[#lines + 1] = 'There are no tasks: begin one with :Spark task'
  end
  if vim.deep_equal(lines, vim.api.nvim_buf_get_lines(board, 0, -1, false)) then
    return
  end
  local cursors = {}
  for _, window in ipairs(vim.fn.win_findbuf(board)) do
    cursors[window] = vim.api.nvim_win_get_cursor(window)
  end
  vim.bo[board].modifiable = true
  vim.api.nvim_buf_set_lines(board, 0, -1, false, lines)
  vim.bo[board].modifiable = false
  vim.bo[board].modified = false
  for window, cursor in pairs(cursors) do
    local line = same(before[cursor[1]]) or math.min(cursor[1], #lines)
    vim.api.nvim_win_set_cursor(window, { line, cursor[2] })
  end
  vim.api.nvim_buf_clear_namespace(board, SPACE, 0, -1)
  vim.api.nvim_buf_set_extmark(board, SPACE, 0, 0, { line_hl_group = 'Comment' })
  vim.api.nvim_buf_set_extmark(board, SPACE, 1, 0, { line_hl_group = 'Comment' })
  for line, it in pairs(about) do
    local group = it.question and 'SparkAsk' or it.row == 1 and 'Title' or nil
    if group then
      vim.api.nvim_buf_set_extmark(board, SPACE, line - 1, 0, { line_hl_group = group })
    end
  end
end

--- Return what the line of the cursor is about, if the cursor is in the list.
local function here()
  if board and vim.api.nvim_get_current_buf() == board then
    return about[vim.api.nvim_win_get_cursor(0)[1]]
  end
end

--- Return the task at the cursor, if the list is where the cursor is.
---@return string?
function M.here()
  local it = here()
  return it and it.task
end

local function key(lhs, what, act)
  vim.keymap.set('n', lhs, function()
    local id = M.here()
    if id then
      act(id)
    else
      server.say('there is no task in this line')
    end
  end, { buffer = board, nowait = true, desc = what })
end

--- Answer the question at the cursor, and none but that.
local function answer(lhs, what, accept)
  vim.keymap.set('n', lhs, function()
    local it = here()
    if it and it.question then
      require('spark.asks').answer(it.task, it.question, accept)
    else
      server.say('there is no question in this line')
    end
  end, { buffer = board, nowait = true, desc = what })
end

local function made()
  board = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_name(board, NAME)
  vim.bo[board].bufhidden = 'hide'
  vim.bo[board].filetype = 'spark-tasks'
  key('<CR>', 'Review what the task has done', function(id)
    require('spark.review').start(id)
  end)
  key('s', 'Tell the task something', function(id)
    local turn = tasks.turn(id)
    vim.ui.input({ prompt = 'What instead? ' }, function(said)
      if said and said ~= '' then
        tasks.steer(id, said, turn)
      end
    end)
  end)
  key('i', 'Interrupt the task', function(id)
    tasks.ask('interrupt', { taskId = id })
  end)
  key('x', 'Remove the task, and what it has done', function(id)
    tasks.ask('remove', { taskId = id })
  end)
  -- Not `y`: who yanks a command to look at it closely has not allowed it.
  answer('a', 'Let the task do once what it asks for', true)
  answer('r', 'Refuse what the task asks for', false)
  vim.keymap.set('n', 'q', '<Cmd>silent! close<CR>', { buffer = board, nowait = true })
end

--- Show the list.
function M.show()
  if not board or not vim.api.nvim_buf_is_valid(board) then
    made()
  end
  local window = vim.fn.bufwinid(board)
  if window ~= -1 then
    vim.api.nvim_set_current_win(window)
  else
    vim.cmd('botright sbuffer ' .. board)
  end
  vim.wo[0][0].wrap = true -- what a task asks is read to its end
  M.draw()
  if not here() and about[#KEYS + 2] then
    vim.api.nvim_win_set_cursor(0, { #KEYS + 2, 0 })
  end
end

return M
