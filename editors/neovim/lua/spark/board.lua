-- The list of tasks: a buffer that says how each stands, with keys for what can be done.
--
-- Owns that buffer. It is drawn anew with whatever the server tells.

local server = require('spark.server')
local tasks = require('spark.tasks')

local M = {}

local NAME = 'spark://tasks'
local SPACE = vim.api.nvim_create_namespace('spark.board')
local KEYS = '<CR> review   s steer   i interrupt   x remove   a answer   q close'
local STEPS = { done = '[x]', running = '[>]', pending = '[ ]' }

---@type integer?
local board
---@type string[] the task of each line
local owners = {}

--- Return what is said of a task, in lines.
local function told(task)
  local lines = { ('%s: %s (%s)'):format(task.state, tasks.title(task, 50), task.taskId) }
  local function add(format, ...)
    lines[#lines + 1] = ('    ' .. format):format(...):gsub('[\r\n]+', ' ')
  end
  if task.message ~= '' then
    add('%s', task.message)
  end
  for _, step in ipairs(task.steps) do
    add('%s %s', STEPS[step.status], step.text)
  end
  if task.alive then
    add('now: %s', task.doing)
  end
  if #task.written > 0 then
    add('written: %s', table.concat(task.written, ', '))
  end
  for _, question in ipairs(task.asks) do
    add('asks: %s', question.what)
  end
  for _, note in ipairs(task.notes) do
    add('note: %s', note)
  end
  return lines
end

--- Draw all of it, if it is there.
function M.draw()
  if not board or not vim.api.nvim_buf_is_loaded(board) then
    return
  end
  local lines = { KEYS, '' }
  owners = {}
  for _, task in ipairs(tasks.all()) do
    for _, line in ipairs(told(task)) do
      lines[#lines + 1] = line
      owners[#lines] = task.taskId
    end
  end
  if #lines == 2 then
    lines[3] = 'There are no tasks: begin one with :Spark task'
  end
  vim.bo[board].modifiable = true
  vim.api.nvim_buf_set_lines(board, 0, -1, false, lines)
  vim.bo[board].modifiable = false
  vim.bo[board].modified = false
  vim.api.nvim_buf_clear_namespace(board, SPACE, 0, -1)
  vim.api.nvim_buf_set_extmark(board, SPACE, 0, 0, { line_hl_group = 'Comment' })
  for row, id in pairs(owners) do
    if owners[row - 1] ~= id then
      vim.api.nvim_buf_set_extmark(board, SPACE, row - 1, 0, { line_hl_group = 'Title' })
    end
  end
end

--- Return the task at the cursor, if the list is where the cursor is.
---@return string?
function M.here()
  if board and vim.api.nvim_get_current_buf() == board then
    return owners[vim.api.nvim_win_get_cursor(0)[1]]
  end
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

local function made()
  board = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_name(board, NAME)
  vim.bo[board].bufhidden = 'hide'
  vim.bo[board].filetype = 'spark-tasks'
  key('<CR>', 'Review what the task has done', function(id)
    require('spark.review').start(id)
  end)
  key('s', 'Tell the task something', function(id)
    vim.ui.input({ prompt = 'What instead? ' }, function(said)
      if said and said ~= '' then
        tasks.steer(id, said)
      end
    end)
  end)
  key('i', 'Interrupt the task', function(id)
    tasks.ask('interrupt', { taskId = id })
  end)
  key('x', 'Remove the task, and what it has done', function(id)
    tasks.ask('remove', { taskId = id })
  end)
  vim.keymap.set('n', 'a', '<Cmd>Spark answer<CR>', { buffer = board, nowait = true })
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
  M.draw()
  for row = 1, vim.api.nvim_buf_line_count(board) do
    if owners[row] then
      vim.api.nvim_win_set_cursor(0, { row, 0 })
      break
    end
  end
end

return M
